"""Reading cases: what has become of their images."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import Count, When
from django.db.models.lookups import GreaterThanOrEqual

from clinic.models import User
from diagnosis.models import Case, SlideImage, Verdict
from diagnosis.models.analysis import PENDING, RETRYABLE
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.images import leading_of_image

MALIGNANT_FROM = 0.5  # a malignant class is then more probable than not


@dataclass
class CaseCounts:
    """How many images a case has, by what became of them: each is counted once."""

    states: Counter[str] = field(default_factory=Counter)
    malignant: int = 0
    not_malignant: int = 0
    refer: int = 0
    out_of_scope: int = 0

    @property
    def total(self) -> int:
        return self.states.total()

    @property
    def pending(self) -> int:
        return sum(self.states[state] for state in PENDING)

    @property
    def failed(self) -> int:
        return sum(self.states[state] for state in RETRYABLE)

    def add(self, *, state: str, verdict: str | None, malignant: bool | None, count: int) -> None:
        """Count images of one kind."""
        self.states[state] += count
        if verdict is None:  # there is none yet, or it is withheld
            return
        if verdict == Verdict.REFER:
            self.refer += count
        elif verdict == Verdict.OUT_OF_SCOPE:
            self.out_of_scope += count
        elif malignant:
            self.malignant += count
        else:
            self.not_malignant += count


def count_images(cases: Iterable[Case], *, person: User) -> dict[UUID, CaseCounts]:
    """The counts of each case by its id, by the leading analysis of each image: one query.

    An image whose prediction is withheld from the person is counted by its state alone; a withdrawn one not at all.
    """
    withheld = withheld_from(person)
    counts: dict[UUID, CaseCounts] = defaultdict(CaseCounts)
    rows = (
        SlideImage.objects.in_use()
        .filter(case__in=[case.pk for case in cases])
        .annotate(
            state=leading_of_image("state"),
            verdict=Choice(When(withheld, then=None), default=leading_of_image("prediction__verdict")),
            malignant=GreaterThanOrEqual(leading_of_image("prediction__malignant_probability"), MALIGNANT_FROM),
        )
        .order_by()
        .values_list("case", "state", "verdict", "malignant")
        .annotate(count=Count("pk"))
    )
    for case, state, verdict, malignant, count in rows:
        counts[case].add(state=state or "", verdict=verdict, malignant=malignant, count=count)
    return counts
