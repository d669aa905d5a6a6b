"""Who can be asked to read an image, and who has been."""

from django.db.models import QuerySet

from clinic.models import User
from clinic.selectors.care_teams import active_doctors, is_on_team
from diagnosis.models import Reading, ReadingRequest, RequestKind, SlideImage


def can_be_asked(image: SlideImage) -> QuerySet[User]:
    """Active doctors on the care team who have not read the image (with its case at hand)."""
    team = active_doctors().filter(care_team_memberships__patient=image.case.patient_id)
    return team.exclude(pk__in=Reading.objects.filter(image=image).values("reader"))


def can_still_read(request: ReadingRequest) -> bool:
    """Whether somebody was asked who can do it: they may have left the team, or been deactivated (image at hand)."""
    return request.asked_of_id is not None and can_be_asked(request.image).filter(pk=request.asked_of_id).exists()


def open_request(image: SlideImage, kind: RequestKind) -> ReadingRequest | None:
    """The one open request of a kind: the database holds no second."""
    found = ReadingRequest.objects.open().filter(image=image, kind=kind)
    return found.select_related("image__case", "asked_of", "asked_by").first()


def waits_for_adjudicator(image: SlideImage) -> ReadingRequest | None:
    """The open adjudication that nobody has taken, or nobody who still can."""
    request = open_request(image, RequestKind.ADJUDICATION)
    return request if request and not can_still_read(request) else None


def could_adjudicate(image: SlideImage, *, person: User) -> bool:
    """Whether the person is on the team and has not read the image."""
    on_team = is_on_team(patient=image.case.patient, user=person)
    return on_team and can_be_asked(image).filter(pk=person.pk).exists()
