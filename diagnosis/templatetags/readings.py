"""The reading panel of an image's page, and how far a case is read."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import template

from diagnosis.models import Reading
from diagnosis.reading_forms import ReadingForm
from diagnosis.selectors.reading_choices import choice_of
from diagnosis.selectors.reading_desk import Desk, desk_of
from diagnosis.selectors.reading_progress import ReadingState
from diagnosis.services.reading_drafts import version_of

register = template.Library()


@register.inclusion_tag("diagnosis/_reading_desk.html", takes_context=True)
def reading_panel(context: Any) -> dict[str, Any]:
    """The panel of the page's `image`; `reading_form` in the context is one that was refused."""
    person = context["request"].user
    desk = context.get("reading_desk") or desk_of(context["image"], person=person)
    form = context.get("reading_form") or form_of(desk)
    return {
        "desk": desk,
        "image": desk.image,
        "form": form,
        "draft_version": version_of(desk.draft),
        "csrf_token": context.get("csrf_token"),
    }


def form_of(desk: Desk) -> ReadingForm:
    """A form with nothing chosen, or with what the doctor had entered before."""
    draft = desk.draft
    kept = {
        name: getattr(draft, name) for name in ("choice", "reason", "comment", "change_reason") if draft is not None
    }
    return ReadingForm(initial=kept, choices=desk.choices, suggested=desk.suggested, person=desk.person)


@register.filter
def as_choice(reading: Reading) -> str:
    """The radio button that would say the same as a reading."""
    return choice_of(reading.label, reading.answer)


@register.filter
def state_at(states: Mapping[UUID, ReadingState], image: UUID) -> str:
    """What is known of the reading of one image; empty for one that needs none."""
    return states.get(image, "")
