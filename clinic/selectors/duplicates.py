"""Records that may be about the same person: looked for before a second one splits somebody's history."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from clinic.models import Patient, User

MOST_CANDIDATES = 10
SIMILAR_FROM = 0.4  # the share of common trigrams: Meyer and Meier, Anna Maria and Annamaria, names the other way round


@dataclass(frozen=True)
class Candidate:
    """A patient who may be the same person, and what is alike."""

    patient: Patient
    reasons: tuple[str, ...]


def likely_duplicates(*, user: User, sought: Patient) -> list[Candidate]:
    """The patients `user` may see who are probably `sought`, the likeliest first. Nobody else's are looked at.

    Alike is: the record number, the name (unless two birth dates differ), or nearly the name with the birth date.
    """
    name = Q(family_name__iexact=sought.family_name, given_name__iexact=sought.given_name)
    others = Patient.objects.visible_to(user).exclude(pk=sought.pk)
    compared: QuerySet[Any] = others.annotate(
        same_number=Q(record_number__iexact=sought.record_number),
        same_name=name,
        same_birth=Q(birth_date=sought.birth_date, birth_date__isnull=False),
        likeness=TrigramSimilarity(
            Concat("family_name", Value(" "), "given_name"), f"{sought.family_name} {sought.given_name}"
        ),
    )
    no_other_birth = Q(same_birth=True) | Q(birth_date__isnull=True) if sought.birth_date else Q()
    alike = compared.filter(
        Q(same_number=True) | Q(same_name=True) & no_other_birth | Q(same_birth=True, likeness__gte=SIMILAR_FROM)
    )
    ordered = alike.order_by("-same_number", "-same_birth", "-likeness", "id")[:MOST_CANDIDATES]
    return [Candidate(patient, _reasons(patient)) for patient in ordered]


def _reasons(compared: Any) -> tuple[str, ...]:
    name = _("same name") if compared.same_name else _("similar name") if compared.likeness >= SIMILAR_FROM else ""
    parts = {
        _("same record number"): compared.same_number,
        name: bool(name),
        _("same date of birth"): compared.same_birth,
    }
    return tuple(words for words, holds in parts.items() if holds)
