"""What doctors enter about a specimen."""

from django import forms
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import Case, Urgency, WithdrawalReason
from diagnosis.models.case import assay_choices
from diagnosis.models.resolution import LARGEST_PIXEL, SMALLEST_PIXEL

LONGEST_NOTE = Case._meta.get_field("note").max_length  # noqa: SLF001  Django's public name


class CaseForm(forms.Form):
    """A new case: which assay, when the specimen was taken, and anything worth noting."""

    assay = forms.ChoiceField(
        label=lazy("What is examined?"),
        choices=assay_choices,
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose what is examined."), "invalid_choice": lazy("Choose one of these.")},
    )
    specimen_date = forms.DateField(
        label=lazy("Specimen taken on"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"required": lazy("Enter the date."), "invalid": lazy("Enter a date, for example 2026-03-27.")},
    )
    urgency = forms.ChoiceField(
        label=lazy("How urgent is it?"),
        choices=Urgency.choices,
        initial=Urgency.ROUTINE,
        required=False,
        help_text=lazy("Urgent cases stand first on the worklist of the whole care team."),
        error_messages={"invalid_choice": lazy("Choose one of these.")},
    )
    note = forms.CharField(
        label=lazy("Note (optional)"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=lazy("Clinical question, stain, magnification: what the next reader should know."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    micrometres_per_pixel = forms.FloatField(
        label=lazy("Size of a pixel in micrometres (optional)"),
        required=False,
        localize=True,
        min_value=SMALLEST_PIXEL,
        max_value=LARGEST_PIXEL,
        help_text=lazy("For the scale bar, if you know it: for example 0.25. Files that say it need no entry."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "invalid": lazy("Enter a number, for example 0.25."),
            "min_value": lazy("Enter a number between 0.01 and 100."),
            "max_value": lazy("Enter a number between 0.01 and 100."),
        },
    )

    def clean_urgency(self) -> str:
        """Routine, where nothing is said."""
        return str(self.cleaned_data["urgency"] or Urgency.ROUTINE)


class UrgencyForm(forms.Form):
    """How soon a case must be read."""

    urgency = forms.ChoiceField(
        label=lazy("Urgency"),
        choices=Urgency.choices,
        error_messages={"required": lazy("Choose one of these."), "invalid_choice": lazy("Choose one of these.")},
    )


class WithdrawalForm(forms.Form):
    """Why an image is taken out of its case."""

    reason = forms.ChoiceField(
        label=lazy("Why is it withdrawn?"),
        choices=WithdrawalReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose a reason."), "invalid_choice": lazy("Choose one of these.")},
    )
