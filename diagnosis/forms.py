"""What doctors enter about a specimen."""

from django import forms

from diagnosis.models import Case
from diagnosis.models.case import assay_choices

LONGEST_NOTE = Case._meta.get_field("note").max_length  # noqa: SLF001  Django's public name


class CaseForm(forms.Form):
    """A new case: which assay, when the specimen was taken, and anything worth noting."""

    assay = forms.ChoiceField(
        choices=assay_choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is examined.", "invalid_choice": "Choose one of these."},
    )
    specimen_date = forms.DateField(
        label="Specimen taken on",
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"required": "Enter the date.", "invalid": "Enter a date, for example 2026-03-27."},
    )
    note = forms.CharField(
        label="Note (optional)",
        required=False,
        max_length=LONGEST_NOTE,
        help_text="Clinical question, stain, magnification: what the next reader should know.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
