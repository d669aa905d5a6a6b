"""What doctors and administrators enter about a record as a whole."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import ErasureReason, RecordHold

LONGEST_REASON = RecordHold._meta.get_field("reason").max_length  # noqa: SLF001  Django's public name


class HoldForm(forms.Form):
    """Why a restriction or legal hold is placed, or lifted. `hold` is the one to lift, empty when placing one."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        help_text=lazy("Who asked, when and how. It is shown to the care team and kept."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": lazy("Say why.")},
    )
    hold = forms.UUIDField(required=False, widget=forms.HiddenInput)


class KeepForm(forms.Form):
    """Which of two records is kept."""

    keep = forms.UUIDField(
        error_messages={"required": lazy("Choose the record to keep."), "invalid": lazy("Choose one of them.")}
    )


class ErasureForm(forms.Form):
    """Why a record should be erased."""

    reason = forms.ChoiceField(
        label=lazy("Why?"),
        choices=ErasureReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Say why."), "invalid_choice": lazy("Choose one of these.")},
    )


class DecisionForm(forms.Form):
    """What an administrator decides about a request. Erasing takes the record's id once more: no slip erases."""

    decision = forms.ChoiceField(
        label=lazy("What do you decide?"),
        choices=[("carry_out", lazy("Erase the record for good")), ("refuse", lazy("Refuse the request"))],
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose what to do."), "invalid_choice": lazy("Choose one of these.")},
    )
    confirmed_id = forms.CharField(
        label=lazy("To erase: the first eight characters of the record's id"),
        required=False,
        max_length=36,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, patient_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._expected = patient_id[:8]

    def clean(self) -> dict[str, Any]:
        """The decision, once it is meant."""
        entries: dict[str, Any] = self.cleaned_data
        if entries.get("decision") == "carry_out" and entries.get("confirmed_id", "").lower() != self._expected:
            self.add_error("confirmed_id", _("These are not the first eight characters of the id."))
        return entries
