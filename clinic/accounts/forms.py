"""django-allauth's forms with our words, and one guard more."""

import hashlib
from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinic.accounts.adapter import AccountAdapter
from clinic.services.reset_links import ask_for_reset_link


def plain(form: forms.Form, **labels: str) -> None:
    """Fields as on our other pages: labels in our words, nothing written into the fields."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.label = labels.get(name, field.label)


def limit_passwords(form: forms.Form) -> None:
    """No entry is so long that hashing it becomes work."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.PasswordInput):
            length = forms.CharField(max_length=settings.LONGEST_PASSWORD)
            field.validators.extend(length.validators)


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """Email address and password. One sentence for every failure: it tells nobody which addresses exist."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, login=_("Email address"), password=_("Password"))
        limit_passwords(self)
        self.fields["login"].widget.attrs |= {"autocomplete": "username webauthn", "autofocus": True}
        self.fields["login"].error_messages["required"] = _("Enter your email address.")
        self.fields["password"].error_messages["required"] = _("Enter your password.")
        self.fields["password"].help_text = ""

    def add_prefix(self, field_name: str) -> str:
        """The name that browsers and programs know the address by."""
        return "username" if field_name == "login" else str(super().add_prefix(field_name))


class AskForLinkForm(ResetPasswordForm):  # type: ignore[misc]
    """Whose password is forgotten. Nothing is looked up here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, email=_("Email address"))

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        ask_for_reset_link(email=email)
        return email


class PasswordByLinkForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, password1=_("New password"), password2=_("New password once more"))
        limit_passwords(self)
        self.fields["password1"].help_text = " ".join(filter(None, password_validators_help_texts()))


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something about the account is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, password=_("Your password"))
        limit_passwords(self)
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs["autofocus"] = True


class _CodeOnce:
    """A code of the app is good once: longer than allauth's memory, since codes are taken a little late and early."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not _first_use(self.user.pk, code):
            raise _not_right()
        return code


class CodeForm(_CodeOnce, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, code=_("Code"))
        self.fields["code"].widget.attrs |= {"autofocus": True, "spellcheck": "false"}


class ConfirmByCodeForm(_CodeOnce, ReauthenticateByCodeForm):  # type: ignore[misc]
    """A code once more, before something about the account is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, code=_("Code"))


class AppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, code=_("Code that the app shows"))
        self.fields["code"].widget.attrs |= {"inputmode": "numeric"}


class _ReadablePasskey:
    """What a browser tells of a passkey may be garbled: refused like a wrong one, never an error of ours."""

    def clean_credential(self) -> Any:
        clean = getattr(super(), "clean_credential", None)
        try:
            return clean() if clean else self.cleaned_data["credential"]  # type: ignore[attr-defined]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _not_right() from error


class SignInByPasskeyForm(_ReadablePasskey, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of address and password."""


class StepByPasskeyForm(_ReadablePasskey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as second step."""


class ConfirmByPasskeyForm(_ReadablePasskey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey once more, before something about the account is changed."""


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey and what it is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, name=_("Name of this passkey"), passwordless=_("Sign in with this passkey alone"))
        self.fields["name"].max_length = 100
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = _("Your device then asks for its PIN, fingerprint or face.")

    def clean(self) -> Any:
        try:
            return super().clean()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _not_right() from error


def _not_right() -> ValidationError:
    return ValidationError(AccountAdapter.error_messages["incorrect_code"], code="incorrect_code")


def _first_use(person_id: object, code: str) -> bool:
    digest = hashlib.sha256(f"{person_id}:{''.join(code.split())}".encode()).hexdigest()
    seconds = (2 * settings.MFA_TOTP_TOLERANCE + 1) * 30
    first: bool = cache.add(f"second_step:used:{digest}", True, seconds)
    return first
