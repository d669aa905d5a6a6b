"""What administrators enter about models."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnosis.models import ModelChange, Why
from diagnosis.models.case import assay_choices

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


class TestSetForm(forms.Form):
    """A test set to lock."""

    __test__ = False  # its name looks like a test's

    assay = forms.ChoiceField(
        label=_("Assay"),
        choices=lambda: [("", _("Choose …")), *assay_choices()],
        error_messages={"required": _("Choose the assay."), "invalid_choice": _("Choose one of these.")},
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What your colleagues will know it by, for example “Scanner 2, spring 2026”."),
        error_messages={"required": _("Give it a name.")},
    )
    images = forms.FileField(
        label=_("Zip of images"),
        help_text=_(
            "A folder for each class, named like the class. A table groups.csv with the columns file and patient says "
            "which images are of one patient: without it intervals come out too narrow. Send no name of a patient."
        ),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
    )
