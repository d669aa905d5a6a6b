"""What the worklist can be narrowed down to."""

from dataclasses import dataclass, fields, replace
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
    patients: PatientQuerySet | list[UUID] | None = None

    @property
    def are_set(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self) if one.name != "patients")

    def looked_up(self) -> "Filters":
        """With the patients by their ids, so that not every query looks for them; unless they are very many."""
        if not isinstance(self.patients, PatientQuerySet):
            return self
        found = list(self.patients.order_by().values_list("pk", flat=True)[: MOST_LISTED + 1])
        return replace(self, patients=found) if len(found) <= MOST_LISTED else self

    @property
    def is_of_few(self) -> bool:
        """Whether it is known that no more than MOST_LISTED patients' cases fit."""
        return isinstance(self.patients, list)

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
            standings = standings.filter(patient__in=self.patients)
        return _with_verdict(standings, self.verdict, person) if self.verdict else standings


def _with_verdict(standings: CaseStandingQuerySet, verdict: str, person: User) -> CaseStandingQuerySet:
    """Cases with an image whose suggestion has this verdict and is shown to the person.

    Where nothing of a case can be withheld, its number tells; elsewhere its images are looked at one by one.
    """
    blinded = list(AssayPolicy.objects.filter(blinded_first_read=True).values_list("assay", flat=True))
    requests = ReadingRequest.objects.open().filter(asked_of=person, kind=RequestKind.SECOND)
    asked = list(requests.order_by().values_list("image__case", flat=True))
    images = SlideImage.objects.in_use().filter(case=OuterRef("case")).exclude(withheld_from(person))
    shown = Exists(images.annotate(verdict=leading_of_image("prediction__verdict")).filter(verdict=verdict))
    with_verdict = standings.filter((f"{verdict}__gt", 0))
    if not blinded:
        told = with_verdict.filter(shown, case__in=asked).values_list("case", flat=True) if asked else ()
        return with_verdict.exclude(case__in=set(asked).difference(told))
    has_a_hand = CaseInvolvement.objects.filter(doctor=person, case=OuterRef("case"))
    can_be_shown = Q(signed_at__isnull=False) | Q(open_requests__gt=0) | Exists(has_a_hand)
    is_open = ~Q(assay__in=blinded) & ~Q(case__in=asked)
    return with_verdict.filter(is_open | ~is_open & can_be_shown & shown)
