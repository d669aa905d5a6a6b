"""What doctors enter about a specimen."""

from django import forms
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import Case
from diagnosis.models.case import assay_choices

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
    note = forms.CharField(
        label=lazy("Note (optional)"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=lazy("Clinical question, stain, magnification: what the next reader should know."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
