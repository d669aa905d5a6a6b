"""What doctors enter about an image."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models import Reading, ReadingDraft, ReadingRequest, Reason
from diagnosis.selectors.reading_choices import Choice, answer_of
from diagnosis.services.reading_checks import ReadingEntries
from diagnosis.services.reading_drafts import DraftEntries


def _longest(model: "type[Reading | ReadingDraft | ReadingRequest]", field: str) -> int:
    length = getattr(model._meta.get_field(field), "max_length", None)  # noqa: SLF001  Django's public name
    assert isinstance(length, int)  # noqa: S101  each of these fields has one
    return length


class Words(forms.CharField):
    """Free text, counted as the browser counts it: the end of a line is one character."""

    def to_python(self, value: Any) -> Any:
        """The text with its line ends as one character each."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class ReadingForm(forms.Form):
    """A reading. `based_on`, `shown` and `reader` say which state of things the page had, and whose it was."""

    choice = forms.ChoiceField(
        label=_("What do you see?"),
        error_messages={"required": _("Choose what you see."), "invalid_choice": _("Choose one of these.")},
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[("", _("Choose a reason")), *Reason.choices],
        error_messages={"invalid_choice": _("Choose one of these.")},
    )
    comment = Words(
        label=_("Comment (optional)"),
        required=False,
        max_length=_longest(Reading, "comment"),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={"max_length": _("The comment is too long: %(show_value)s of %(limit_value)s characters.")},
    )
    change_reason = Words(
        label=_("Why do you change your reading?"),
        required=False,
        max_length=_longest(Reading, "change_reason"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": _("This is too long: %(show_value)s of %(limit_value)s characters.")},
    )
    based_on = forms.UUIDField(required=False)
    shown = forms.UUIDField(required=False)
    reader = forms.UUIDField(required=False)

    def __init__(self, *args: Any, choices: Sequence[Choice], suggested: str, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._suggested, self._person = suggested, person
        self.fields["choice"].choices = [(one.value, one.words) for one in choices]  # type: ignore[attr-defined]

    def clean_reader(self) -> Any:
        """The page is of the person who is signed in: on a shared computer that may have changed under it."""
        reader = self.cleaned_data["reader"]
        if reader and reader != self._person.pk:
            raise ValidationError(
                _("This page was opened by somebody else who was signed in here. Nothing was recorded.")
            )
        return reader

    def entries(self) -> ReadingEntries:
        """What was entered, as the service takes it."""
        data: Mapping[str, Any] = self.cleaned_data
        answer, label = answer_of(data["choice"], suggested=self._suggested)
        return ReadingEntries(
            answer=answer,
            label=label,
            reason=data["reason"],
            comment=data["comment"],
            change_reason=data["change_reason"],
        )

    def move_errors_of_hidden_fields(self) -> None:
        """What is wrong with a field that nobody sees is said above the form."""
        for name in ("based_on", "shown", "reader"):
            if name in self.errors:
                self.add_error(None, self.errors.pop(name).as_data())

    def refuse(self, error: ValidationError) -> None:
        """Show what the service says beside the entries that it is about."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, sentences in error.error_dict.items():
            field = {"answer": "choice", "label": "choice", NON_FIELD_ERRORS: None}.get(name, name)
            self.add_error(field if field in self.fields else None, sentences)


class DraftForm(forms.Form):
    """What stands in the reading form, fit or not. `seen` is the version of the draft that the page last knew."""

    choice = forms.CharField(required=False, max_length=_longest(ReadingDraft, "choice"))
    reason = forms.CharField(required=False, max_length=_longest(ReadingDraft, "reason"))
    comment = Words(required=False, strip=False, max_length=_longest(ReadingDraft, "comment"))
    change_reason = Words(required=False, strip=False, max_length=_longest(ReadingDraft, "change_reason"))
    seen = forms.CharField(required=False, max_length=40)
    reader = forms.UUIDField()

    def entries(self) -> DraftEntries:
        """What was entered, as the service takes it."""
        return DraftEntries(
            **{name: self.cleaned_data[name] for name in ("choice", "reason", "comment", "change_reason")}
        )


class ColleagueForm(forms.Form):
    """A doctor of the care team."""

    doctor = forms.ModelChoiceField(
        label=_("Colleague"),
        queryset=User.objects.none(),
        error_messages={"required": _("Choose a colleague."), "invalid_choice": _("Choose one of these doctors.")},
    )
    whole_case = forms.BooleanField(label=_("All images of the case that I have read"), required=False)

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["doctor"].queryset = colleagues  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    """Why a second reading is declined."""

    reason = Words(
        label=_("Why not?"),
        max_length=_longest(ReadingRequest, "decline_reason"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Say in a sentence why.")},
    )
