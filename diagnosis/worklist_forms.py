"""What doctors ask of the worklist."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import ModelVersion, SavedView, Urgency, Verdict
from diagnosis.models.case import assay_choices
from diagnosis.selectors.worklist import Tab
from diagnosis.selectors.worklist_filters import Filters

NOT_A_DAY = {"invalid": lazy("Enter a date, for example 2026-03-27.")}
NOT_ONE = {"invalid_choice": lazy("Choose one of these.")}
LONGEST_NAME = SavedView._meta.get_field("name").max_length  # noqa: SLF001  Django's public name


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, error_messages=NOT_A_DAY)


def _choice(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, error_messages=NOT_ONE)


class FilterForm(forms.Form):
    """The filters, which stand in the address. What is not a tab is the first one."""

    assay = _choice(lazy("Assay"))
    urgency = _choice(lazy("Urgency"))
    verdict = _choice(lazy("Verdict of the model"))
    model = _choice(lazy("Read by the model"))
    since = _day(lazy("Specimen taken from"))
    until = _day(lazy("Specimen taken until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = [(str(one.pk), str(one)) for one in ModelVersion.objects.order_by("assay", "name", "version")]
        choices: dict[str, Any] = {
            "assay": assay_choices(),
            "urgency": Urgency.choices,
            "verdict": Verdict.choices,
            "model": models,
        }
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  they are, see above
            field.choices = [("", lazy("All")), *known]

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", lazy("The last day lies before the first."))
        return self.cleaned_data

    def filters(self) -> Filters:
        """What was asked for, once it is known to be right."""
        entries = {name: value for name, value in self.cleaned_data.items() if value}
        return Filters(**entries)

    def as_address(self) -> dict[str, str]:
        """What was asked for, as the address has it."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


class SearchForm(forms.Form):
    """Which patient, and where on the list one is. What is typed is a name or a number, and stands in no address."""

    query = forms.CharField(
        label=lazy("Patient's name or record number"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


class ViewNameForm(forms.Form):
    """A name for a saved view."""

    name = forms.CharField(
        label=lazy("Name of the view"),
        max_length=LONGEST_NAME,
        error_messages={"required": lazy("Give the view a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def known_tab(text: str | None) -> Tab:
    """The tab of that name, or the first."""
    return Tab(text) if text in Tab.values else Tab.TO_READ
