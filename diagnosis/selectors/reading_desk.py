"""Everything that the reading panel of an image shows to one person."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinic.models import User
from clinic.selectors.care_teams import is_on_team
from diagnosis.models import (
    Analysis,
    Prediction,
    Reading,
    ReadingDraft,
    ReadingRequest,
    RequestKind,
    RequestState,
    SlideImage,
)
from diagnosis.selectors.outcomes import ImageOutcome, Standing, outcome_of_image
from diagnosis.selectors.own_readings import own_earlier_readings, own_reading
from diagnosis.selectors.reading_choices import Choice, choices_for, suggested_class
from diagnosis.selectors.second_readers import can_be_asked, open_request
from diagnosis.selectors.suggestions import is_withheld, shown_prediction


@dataclass(frozen=True)
class Desk:
    """What one person sees at an image. What is withheld from them is not in here."""

    image: SlideImage
    person: User
    is_withheld: bool
    is_waiting: bool  # for its first analysis: there is nothing to look at yet
    is_on_team: bool
    suggestion: Prediction | None
    mine: Reading | None
    earlier: Sequence[Reading]
    others: Sequence[Reading]
    outcome: ImageOutcome
    second: ReadingRequest | None
    declined: ReadingRequest | None
    adjudication: ReadingRequest | None
    colleagues: Sequence[User]
    draft: ReadingDraft | None

    @property
    def suggested(self) -> str:
        """The class that is suggested and shown; empty for none."""
        return suggested_class(self.suggestion)

    @property
    def choices(self) -> Sequence[Choice]:
        return choices_for(self.image.case.get_assay(), suggested=self.suggested)

    @property
    def differs(self) -> bool:
        """Whether the readings that the person may see differ, and nobody has adjudicated."""
        return self.outcome.standing is Standing.DISAGREEMENT

    @property
    def is_asked(self) -> bool:
        """Whether the person was asked for a second reading."""
        return self.second is not None and self.second.asked_of_id == self.person.pk

    @property
    def adjudicates(self) -> bool:
        return self.adjudication is not None and self.adjudication.asked_of_id == self.person.pk

    @property
    def adjudication_is_free(self) -> bool:
        """Whether nobody has taken it on who still can."""
        able = {colleague.pk for colleague in self.colleagues} | ({self.person.pk} if self.could_adjudicate else set())
        return self.adjudication is not None and self.adjudication.asked_of_id not in able

    @property
    def could_adjudicate(self) -> bool:
        return self.is_on_team and self.mine is None

    @property
    def second_can_be_read(self) -> bool:
        """Whether whoever was asked is still on the team and active."""
        return self.second is not None and self.second.asked_of_id in {one.pk for one in self.colleagues}

    @property
    def has_form(self) -> bool:
        """Whether the person can record something now."""
        must_take_it_on = self.adjudication_is_free and self.could_adjudicate and not self.is_asked
        is_frozen = self.image.withdrawn_at or self.image.case.patient.restricted_at
        return not (is_frozen or self.is_waiting or must_take_it_on)


def desk_of(image: SlideImage, *, person: User) -> Desk:
    """The desk of one person at an image (with its case and patient at hand): a dozen small queries."""
    withheld = is_withheld(image, person=person)
    shown = list(
        Reading.objects.shown_to(person)
        .filter(image=image)
        .select_related("reader", "replaced_by", "replaces")
        .order_by("created_at", "id")
    )
    others = [reading for reading in shown if reading.reader_id != person.pk]
    second = open_request(image, RequestKind.SECOND)
    is_asked = second is not None and second.asked_of_id == person.pk
    return Desk(
        image=image,
        person=person,
        is_withheld=withheld,
        is_waiting=_is_waiting(image),
        is_on_team=is_on_team(patient=image.case.patient, user=person),
        suggestion=shown_prediction(image, person=person),
        mine=own_reading(image, reader=person),
        earlier=own_earlier_readings(image, reader=person),
        others=others,
        outcome=outcome_of_image(reading for reading in shown if not hasattr(reading, "replaced_by")),
        second=second,
        declined=_declined(image, person),
        adjudication=None if is_asked else open_request(image, RequestKind.ADJUDICATION),
        colleagues=list(can_be_asked(image).exclude(pk=person.pk).order_by("full_name", "id")),
        draft=ReadingDraft.objects.filter(image=image, reader=person).first(),
    )


def _is_waiting(image: SlideImage) -> bool:
    return not image.display_sha256 and Analysis.objects.filter(image=image).pending().exists()


def _declined(image: SlideImage, person: User) -> ReadingRequest | None:
    """What the person's own last request came to, if that is a no."""
    asked = ReadingRequest.objects.filter(image=image, kind=RequestKind.SECOND, asked_by=person)
    last = asked.select_related("asked_of").order_by("created_at", "id").last()
    return last if last and last.state == RequestState.DECLINED else None
