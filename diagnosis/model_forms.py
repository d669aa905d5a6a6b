"""What administrators enter about models."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnosis.models import ModelChange, Why

LONGEST_REASON = ModelChange._meta.get_field("reason").max_length  # noqa: SLF001  Django's public name


class BundleForm(forms.Form):
    """A model bundle to register."""

    bundle = forms.FileField(
        label=_("Model bundle"),
        help_text=_("The file that `python -m mlcore train` wrote. It is checked, and nothing in it is ever executed."),
        widget=forms.FileInput(attrs={"accept": ".bundle"}),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty."),
            "invalid": _("Choose a file."),
        },
    )


class ReasonForm(forms.Form):
    """Why something is decided. Several of these stand on one page, so each has ids of its own."""

    why = forms.ChoiceField(
        label=_("Why"),
        choices=lambda: [("", _("Choose …")), *Why.choices],
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose one of these.")},
    )
    reason = forms.CharField(
        label=_("In a few words"),
        max_length=LONGEST_REASON,
        help_text=_("It stays with the model and everybody who signs in can read it. Name no patient."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why in a few words.")},
    )

    def __init__(self, data: Any = None, *, kind: str) -> None:
        super().__init__(data, auto_id=f"{kind}_%s")
