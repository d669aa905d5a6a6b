"""What the worklist can be narrowed down to."""

from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from clinic.models import User
from clinic.models.patient import PatientQuerySet
from diagnosis.models import AssayPolicy, CaseInvolvement, ReadingRequest, RequestKind, SlideImage, Urgency
from diagnosis.models.case_standing import URGENCY_RANKS, CaseStandingQuerySet
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.images import leading_of_image

MOST_LISTED = 2_000


@dataclass(frozen=True)
class Filters:
    """Nothing said: everything. `patients` is what a search found; it stands in no address and in no saved view."""

    assay: str = ""
    urgency: str = ""
    verdict: str = ""
    model: UUID | None = None
    since: date | None = None
    until: date | None = None
    patients: PatientQuerySet | None = None

    @property
    def are_set(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self) if one.name != "patients")

    def narrow(self, standings: CaseStandingQuerySet, *, person: User) -> CaseStandingQuerySet:
        """The standings that fit. Dates are the specimen's, both days included."""
        if self.assay:
            standings = standings.filter(assay=self.assay)
        if self.urgency:
            standings = standings.filter(urgency_rank=URGENCY_RANKS[Urgency(self.urgency)])
        if self.model:
            standings = standings.filter(model_versions__contains=[self.model])
        if self.since:
            standings = standings.filter(specimen_date__gte=self.since)
        if self.until:
            standings = standings.filter(specimen_date__lte=self.until)
        if self.patients is not None:
            standings = standings.filter(patient__in=_looked_for_once(self.patients))
        return _with_verdict(standings, self.verdict, person) if self.verdict else standings


def _looked_for_once(patients: PatientQuerySet) -> PatientQuerySet | list[UUID]:
    """The patients by their ids, so that not every count of a tab looks for them; unless they are very many."""
    found = list(patients.order_by().values_list("pk", flat=True)[: MOST_LISTED + 1])
    return found if len(found) <= MOST_LISTED else patients


def _with_verdict(standings: CaseStandingQuerySet, verdict: str, person: User) -> CaseStandingQuerySet:
    """Cases with an image whose suggestion has this verdict and is shown to the person.

    Where nothing of a case can be withheld, its number tells; elsewhere its images are looked at one by one.
    """
    blinded = AssayPolicy.objects.filter(blinded_first_read=True).values("assay")
    asked = ReadingRequest.objects.open().filter(asked_of=person, kind=RequestKind.SECOND).values("image__case")
    has_a_hand = CaseInvolvement.objects.filter(doctor=person, case=OuterRef("case"))
    images = SlideImage.objects.in_use().filter(case=OuterRef("case")).exclude(withheld_from(person))
    shown = images.annotate(verdict=leading_of_image("prediction__verdict")).filter(verdict=verdict)
    can_be_shown = Q(signed_at__isnull=False) | Q(open_requests__gt=0) | Exists(has_a_hand)
    is_open = ~Q(assay__in=blinded) & ~Q(case__in=asked)
    return standings.filter(Q((f"{verdict}__gt", 0)), is_open | ~is_open & can_be_shown & Exists(shown))
