"""Which two cases to compare, and which image of each."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import Case

UNKNOWN = {"invalid_choice": lazy("Choose one of these.")}


class ComparingForm(forms.Form):
    """Two cases of one assay; `pair` is them, the earlier specimen first, or None when there is nothing to compare."""

    first = forms.ChoiceField(label=lazy("One specimen"), required=False, error_messages=UNKNOWN)
    second = forms.ChoiceField(label=lazy("The other"), required=False, error_messages=UNKNOWN)
    # An image that is not (or no more) of its case gives way to the case's first.
    left = forms.CharField(required=False)
    right = forms.CharField(required=False)

    def __init__(self, *args: Any, cases: Sequence[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases = {str(case.pk): case for case in cases}
        self.pair = _newest_pair(cases)
        self.chosen_images: tuple[UUID | None, UUID | None] = (None, None)
        choices = _by_assay(cases)
        for name, case in zip(("first", "second"), self.pair or (None, None), strict=True):
            label, initial = self.fields[name].label, str(case.pk) if case else ""
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=choices, initial=initial, error_messages=UNKNOWN
            )

    def clean(self) -> dict[str, Any]:
        """Both cases or none; they are of one assay, and two."""
        entries: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [self.cases[entries[name]] for name in ("first", "second") if entries.get(name)]
        if len(chosen) == 1 and not self.errors:
            raise ValidationError(_("Choose two specimens."))
        if len(chosen) == 2:  # noqa: PLR2004  a pair
            self.pair = self._checked(*chosen)
        self.chosen_images = (_id(entries.get("left")), _id(entries.get("right")))
        return entries

    @staticmethod
    def _checked(first: Case, second: Case) -> tuple[Case, Case]:
        if first == second:
            raise ValidationError(_("This is twice the same specimen. Choose two."))
        if first.assay != second.assay:
            raise ValidationError(_("These are different examinations. Choose two specimens of the same one."))
        earlier, later = sorted((first, second), key=lambda case: (case.specimen_date, case.created_at))
        return earlier, later


def _newest_pair(cases: Sequence[Case]) -> tuple[Case, Case] | None:
    """The two newest specimens (of cases newest first) of the assay that was examined last and twice."""
    for case in cases:
        same = [other for other in cases if other.assay == case.assay]
        if len(same) > 1:
            return same[1], same[0]
    return None


def _by_assay(cases: Sequence[Case]) -> list[tuple[str, list[tuple[str, str]]]]:
    ordered = sorted(cases, key=lambda case: case.assay)
    return [
        (found[0].get_assay_display(), [(str(case.pk), _words(case)) for case in found])
        for found in (list(group) for _, group in groupby(ordered, key=lambda case: case.assay))
    ]


def _words(case: Case) -> str:
    taken = date_format(case.specimen_date, "SHORT_DATE_FORMAT")
    return _("Specimen of %(day)s, opened %(opened)s") % {
        "day": taken,
        "opened": date_format(case.created_at, "SHORT_DATETIME_FORMAT"),
    }


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
