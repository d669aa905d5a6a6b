"""What people enter about themselves and their patients."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import PEOPLES_ROLES, Patient, Role, User


def _longest(field: str) -> int | None:
    length: int | None = getattr(Patient._meta.get_field(field), "max_length", None)  # noqa: SLF001  public name
    return length


class ManyIds(forms.MultipleChoiceField):
    """Any number of UUIDs."""

    def validate(self, value: Any) -> None:
        """Which of them mean anything is not the form's business."""

    def to_python(self, value: Any) -> "list[Any]":
        """The UUIDs of what was sent."""
        one = forms.UUIDField()
        return [one.clean(entry) for entry in super().to_python(value)]


class ChosenPasswordForm(forms.Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label=lazy("New password"),
        strip=False,
        max_length=settings.LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": lazy("Enter a new password.")},
    )
    repeated = forms.CharField(
        label=lazy("New password once more"),
        strip=False,
        max_length=settings.LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": lazy("Enter the new password once more.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = " ".join(filter(None, password_validators_help_texts()))

    def clean_repeated(self) -> str:
        repeated: str = self.cleaned_data["repeated"]
        if repeated != self.cleaned_data.get("new_password", repeated):
            raise ValidationError(_("The two new passwords differ."))
        return repeated

    def clean(self) -> dict[str, Any]:
        self.cleaned_data.pop("repeated", None)
        return self.cleaned_data


class PasswordForm(ChosenPasswordForm):
    """A new password, with the old one as proof that the person is the one who signed in."""

    old_password = forms.CharField(
        label=lazy("Current password"),
        strip=False,
        max_length=settings.LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": lazy("Enter your current password.")},
    )
    field_order = ("old_password", "new_password", "repeated")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if not self.person.check_password(old):
            raise ValidationError(_("This is not your current password."))
        return old


class PeopleSearchForm(forms.Form):
    """Who is looked for, and the page of the list."""

    query = forms.CharField(
        label=lazy("Name or email address"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    page = forms.IntegerField(required=False, min_value=1)


class RoleForm(forms.Form):
    """What a person may do."""

    role = forms.ChoiceField(
        label=lazy("Role"),
        choices=[(role.value, role.label) for role in PEOPLES_ROLES],
        error_messages={"required": lazy("Choose a role.")},
    )


class InvitationForm(RoleForm):
    """Who is invited."""

    email = forms.EmailField(
        label=lazy("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": lazy("Enter the email address.")},
    )
    full_name = forms.CharField(
        label=lazy("Name, as colleagues see it"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": lazy("Enter the name.")},
    )
    field_order = ("full_name", "email", "role")

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class PatientSearchForm(forms.Form):
    """What is looked for, and where the page begins or ends (a patient's id)."""

    query = forms.CharField(
        label=lazy("Name or record number"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    after = forms.UUIDField(required=False)
    before = forms.UUIDField(required=False)


class PatientForm(forms.Form):
    """A new patient's two identifiers, and the date of birth that tells namesakes apart."""

    record_number = forms.CharField(
        label=lazy("Record number"),
        max_length=_longest("record_number"),
        help_text=lazy("The number in your hospital's records."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": lazy("Enter the record number.")},
    )
    family_name = forms.CharField(
        label=lazy("Family name"),
        max_length=_longest("family_name"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": lazy("Enter the family name.")},
    )
    given_name = forms.CharField(
        label=lazy("Given name (optional)"),
        max_length=_longest("given_name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    birth_date = forms.DateField(
        label=lazy("Date of birth (optional)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"invalid": lazy("Enter a date, for example 1984-03-27.")},
    )
    # Ids of patients who were shown as likely duplicates; only the button beneath them sends any.
    not_duplicate_of = ManyIds(required=False, widget=forms.MultipleHiddenInput)
