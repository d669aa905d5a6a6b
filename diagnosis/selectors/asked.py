"""What is asked of a doctor: second readings and adjudications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from clinic.models import User
from diagnosis.models import Reading, ReadingRequest, RequestKind
from diagnosis.models.case_standing import CaseStandingQuerySet


@dataclass(frozen=True)
class Asked:
    """An open request that the person can answer; `is_by_name`: of nobody else."""

    case_id: UUID
    kind: RequestKind
    is_by_name: bool


def asked_of(person: User, *, among: CaseStandingQuerySet) -> Mapping[UUID, Sequence[Asked]]:
    """The open requests for a person, by case, in the cases `among` which they see.

    One that names nobody is for all on the care team who have not read the image; one on a withdrawn image is nobody's.
    """
    read = Reading.objects.filter(image=OuterRef("image"), reader=person)
    rows = (
        ReadingRequest.objects.open()
        .filter(Q(asked_of=person) | Q(asked_of=None) & ~Exists(read), image__withdrawn_at=None)
        .filter(image__case__in=among.values("case"))
        .order_by()
        .values_list("image__case", "kind", "asked_of")
    )
    by_case: dict[UUID, list[Asked]] = {}
    for case, kind, name in rows:
        by_case.setdefault(case, []).append(Asked(case, RequestKind(kind), is_by_name=name is not None))
    return by_case
