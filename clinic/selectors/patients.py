"""Reading patients."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from clinic.models import Patient, User
from clinic.models.patient import PatientQuerySet

PAGE_SIZE = 50
MOST_WORDS = 10
INDEXED_LENGTH = 3  # a shorter part of a word is in no trigram, and would be looked for in every row


def search_patients(*, user: User, query: str = "") -> PatientQuerySet:
    """The patients `user` may see whose name or record number contains every word of `query`.

    Words of one or two letters are looked for where names and numbers begin.
    """
    patients = Patient.objects.visible_to(user)
    for word in query.replace("\x00", "").replace(",", " ").split()[:MOST_WORDS]:
        how = "icontains" if len(word) >= INDEXED_LENGTH else "istartswith"
        fields = ("family_name", "given_name", "record_number")
        patients = patients.filter(Q(*((f"{field}__{how}", word) for field in fields), _connector=Q.OR))
    return patients


@dataclass(frozen=True)
class PatientPage:
    """Patients in the order of their names, and whether there are more on either side."""

    patients: list[Patient]
    has_before: bool
    has_after: bool


def page_of_patients(
    *, patients: PatientQuerySet, after: UUID | None = None, before: UUID | None = None, size: int = PAGE_SIZE
) -> PatientPage:
    """The page that follows (or ends before) a patient: as quick at the end of a million as at the beginning.

    A patient that is not among `patients` any more counts as no bound: the first page.
    """
    edge = after or before
    bound = patients.filter(pk=edge).first() if edge else None
    if bound is None:
        rows = list(patients.order_by("family_name", "given_name", "id")[: size + 1])
        return PatientPage(rows[:size], has_before=False, has_after=len(rows) > size)
    if after:
        rows = list(_beyond(patients, bound, "gt").order_by("family_name", "given_name", "id")[: size + 1])
        return PatientPage(rows[:size], has_before=True, has_after=len(rows) > size)
    rows = list(_beyond(patients, bound, "lt").order_by("-family_name", "-given_name", "-id")[: size + 1])
    return PatientPage(rows[:size][::-1], has_before=len(rows) > size, has_after=True)


def _beyond(patients: PatientQuerySet, bound: Patient, side: str) -> PatientQuerySet:
    same_family = Q(family_name=bound.family_name)
    return patients.filter(
        # Said twice, so that the index by name finds the place without reading what lies before.
        Q((f"family_name__{side}e", bound.family_name)),
        Q((f"family_name__{side}", bound.family_name))
        | same_family & Q((f"given_name__{side}", bound.given_name))
        | same_family & Q(("given_name", bound.given_name), (f"id__{side}", bound.pk)),
    )
