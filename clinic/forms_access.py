"""What people enter about who may see what."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import Patient, Role, TokenScope, User
from clinic.selectors.care_teams import who_can_join
from clinic.services.emergency_access import SHORTEST_REASON
from mlcore.assays import ASSAYS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PLAIN = {"autocomplete": "off", "spellcheck": "false"}
LIFETIMES = {
    "12h": (timedelta(hours=12), lazy("12 hours")),
    "30d": (timedelta(days=30), lazy("30 days")),
    "90d": (timedelta(days=90), lazy("90 days")),
    "365d": (timedelta(days=365), lazy("a year")),
}


def assay_names() -> "list[tuple[str, StrOrPromise]]":
    """The known assays, read when a form is made."""
    return [(slug, lazy(assay.name)) for slug, assay in ASSAYS.items()]


def _lifetime_field(longest: timedelta) -> forms.ChoiceField:
    choices = [(key, words) for key, (life, words) in LIFETIMES.items() if life <= longest]
    return forms.ChoiceField(label=_("It is good for"), choices=choices)


class DoctorSearchForm(forms.Form):
    """Whom one looks for."""

    query = forms.CharField(
        label=lazy("Name or email address of a colleague"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", **PLAIN}),
    )


class DoctorForm(forms.Form):
    """A doctor by id, or a program. Anybody else does not exist."""

    doctor = forms.ModelChoiceField(queryset=User.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["doctor"].queryset = who_can_join()  # type: ignore[attr-defined]  # the field's own attribute


class ProgramOnTeamForm(forms.Form):
    """A program by id, of those on a patient's care team."""

    program = forms.ModelChoiceField(queryset=User.objects.none())

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programs = User.objects.filter(role=Role.PROGRAM, care_team_memberships__patient=patient)
        self.fields["program"].queryset = programs  # type: ignore[attr-defined]  # the field's own attribute


class EmergencyForm(forms.Form):
    """Who it is, exactly, and why the record must be opened."""

    record_number = forms.CharField(
        label=lazy("Record number"),
        max_length=50,
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={"required": lazy("Enter the record number.")},
    )
    family_name = forms.CharField(
        label=lazy("Family name (or the date of birth)"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs=PLAIN),
    )
    birth_date = forms.DateField(
        label=lazy("Date of birth (or the family name)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"invalid": lazy("Enter a date, for example 1984-03-27.")},
    )
    reason = forms.CharField(
        label=lazy("Why do you need this record now?"),
        help_text=lazy("The care team and the auditor read this."),
        min_length=SHORTEST_REASON,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, **PLAIN}),
        error_messages={
            "required": lazy("Say in a sentence why."),
            "min_length": lazy("Say in a sentence why (%(limit_value)s letters at least)."),
        },
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if not self.errors and not (cleaned["family_name"] or cleaned["birth_date"]):
            raise ValidationError(_("Enter the family name or the date of birth."))
        return cleaned


class ApiTokenForm(forms.Form):
    """A new token: what it is for, what it may do, how long it is good; with the password, as for any sign-in."""

    name = forms.CharField(
        label=lazy("What is it for?"),
        max_length=100,
        help_text=lazy("For example the name of the program."),
        error_messages={"required": lazy("Say what the token is for.")},
    )
    scope = forms.ChoiceField(label=lazy("It may"), choices=TokenScope.choices, initial=TokenScope.READ)
    assays = forms.MultipleChoiceField(
        label=lazy("Only for these assays"),
        help_text=lazy("With none of them chosen, it is for all."),
        required=False,
        choices=assay_names,
        widget=forms.CheckboxSelectMultiple,
    )
    lifetime = forms.ChoiceField(label=lazy("It is good for"))
    password = forms.CharField(
        label=lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": lazy("Enter your password.")},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["lifetime"] = _lifetime_field(self.longest())

    def longest(self) -> timedelta:
        """How long a token may be good."""
        longest: timedelta = settings.API_TOKEN_LONGEST
        return longest

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.person.check_password(password):
            raise ValidationError(_("This is not your password."))
        return password

    def wanted(self) -> dict[str, Any]:
        """What `issue_token` is to be told."""
        entries = self.cleaned_data
        return {
            "name": entries["name"],
            "assays": entries["assays"] or None,
            "scope": TokenScope(entries["scope"]),
            "lifetime": LIFETIMES[entries["lifetime"]][0],
        }
