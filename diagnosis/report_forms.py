"""What a doctor enters to sign a report."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import Report, ReportDraft

LONGEST_FINDINGS = ReportDraft._meta.get_field("findings").max_length  # noqa: SLF001  Django's public name
LONGEST_REASON = Report._meta.get_field("amendment_reason").max_length  # noqa: SLF001


class ReportDraftForm(forms.Form):
    """The doctor's words."""

    findings = forms.CharField(
        label=lazy("Findings"),
        required=False,
        max_length=LONGEST_FINDINGS,
        help_text=lazy("In your own words. They are kept while you write, and nobody else sees them until you sign."),
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    amendment_reason = forms.CharField(
        label=lazy("Why the signed report is amended"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("It stands on the new version. The version before it is kept."),
    )


class SignForm(ReportDraftForm):
    """The words, what was seen, and the proof that it is the doctor who signs: a password or a passkey's answer."""

    with_outlines = forms.BooleanField(
        label=lazy("Print each image once more with the outline of what was segmented"), required=False
    )
    seen = forms.RegexField(r"\A[0-9a-f]{64}\Z")
    marks = forms.CharField(required=False, max_length=1_000_000)
    password = forms.CharField(
        label=lazy("Your password"),
        required=False,
        strip=False,
        max_length=settings.LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    credential = forms.CharField(required=False, max_length=100_000)

    def clean(self) -> dict[str, Any]:
        """One of the two proofs is there; which one holds is found out afterwards."""
        entries: dict[str, Any] = self.cleaned_data
        if "password" not in self.errors and not entries.get("password") and not entries.get("credential"):
            self.add_error("password", lazy("Enter your password, or use a passkey."))
        return entries
