"""What administrators enter about programs."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as lazy

from clinic.forms_access import PLAIN, ApiTokenForm
from clinic.models import User
from clinic.selectors.care_teams import active_doctors


class AnswerForm(forms.Form):
    """Who answers for a program."""

    answered_for_by = forms.ModelChoiceField(
        User.objects.none(),
        label=lazy("The doctor who answers for it"),
        help_text=lazy("Is on the care team of every patient that the program registers. Without them it stops."),
        error_messages={"required": lazy("Choose an active doctor.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        doctors = active_doctors().order_by("full_name", "id")
        self.fields["answered_for_by"].queryset = doctors  # type: ignore[attr-defined]  # the field's own attribute


class ProgramForm(AnswerForm):
    """A new program."""

    full_name = forms.CharField(
        label=lazy("Name, as doctors see it"),
        help_text=lazy("For example the name of the laboratory system."),
        max_length=200,
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={"required": lazy("Enter the name.")},
    )
    field_order = ("full_name", "answered_for_by")

    def wanted(self) -> dict[str, Any]:
        """What `create_program` is to be told."""
        return {"name": self.cleaned_data["full_name"], "answered_for_by": self.cleaned_data["answered_for_by"]}


class ProgramTokenForm(ApiTokenForm):
    """A program's token, with the administrator's own password."""

    def longest(self) -> timedelta:
        """How long a token of a program may be good."""
        longest: timedelta = settings.PROGRAM_TOKEN_LONGEST
        return longest
