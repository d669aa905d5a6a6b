"""Which readings the figures of agreement are about."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import ModelVersion
from diagnosis.models.case import assay_choices
from diagnosis.selectors.agreement import Wanted
from diagnosis.selectors.agreement_counts import Sight
from mlcore.assays import get_assay

UNKNOWN = {"invalid_choice": lazy("Choose one of these.")}
SIGHTS = (
    ("", lazy("Whichever has more")),
    (Sight.BEFORE.value, lazy("Before the suggestion was seen")),
    (Sight.IN_VIEW.value, lazy("With the suggestion in view")),
)


class MonthField(forms.DateField):
    """A month, as its first day."""

    widget = forms.DateInput(attrs={"type": "month", "placeholder": "2026-01"}, format="%Y-%m")
    default_error_messages = {"invalid": lazy("Enter a month, for example 2026-03.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m"], required=False, **kwargs)

    def to_python(self, value: Any) -> date | None:
        """Nothing but a year and a month."""
        return super().to_python(value.strip() if isinstance(value, str) else value)


class AgreementForm(forms.Form):
    """An assay, and within it a model, months, and whether the suggestion had been seen."""

    assay = forms.ChoiceField(choices=assay_choices, label=lazy("Examination"), required=False, error_messages=UNKNOWN)
    model = forms.ChoiceField(label=lazy("Model"), required=False, error_messages=UNKNOWN)
    since = MonthField(label=lazy("From"))
    until = MonthField(label=lazy("To"))
    sight = forms.ChoiceField(choices=SIGHTS, label=lazy("Readings"), required=False, error_messages=UNKNOWN)

    def __init__(self, *args: Any, usual_assay: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.usual_assay = usual_assay
        self.versions = list(ModelVersion.objects.defer("manifest").order_by("assay", "created_at"))
        choices = [("", lazy("All of this examination")), *((str(one.pk), str(one)) for one in self.versions)]
        self.fields["model"] = forms.ChoiceField(
            choices=choices, label=lazy("Model"), required=False, error_messages=UNKNOWN
        )
        self.initial = {"assay": usual_assay}

    def clean(self) -> dict[str, Any]:
        """A model belongs to one examination, and months run forwards."""
        entries: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = entries.get("since"), entries.get("until")
        if since and until and since > until:
            raise ValidationError(_("The first month lies after the last."))
        if entries.get("model") and not self._models(entries):
            raise ValidationError(_("This model is for another examination."))
        return entries

    @property
    def wanted(self) -> Wanted:
        """What was asked for, once it is valid; without entries everything of the usual examination."""
        entries = self.cleaned_data if self.is_bound else {}
        return Wanted(
            assay=get_assay(entries.get("assay") or self.usual_assay),
            models=self._models(entries),
            since=entries.get("since"),
            until=entries.get("until"),
        )

    @property
    def chosen_sight(self) -> Sight | None:
        """The sight asked for, if any is."""
        entered = self.cleaned_data.get("sight") if self.is_bound else ""
        return Sight(entered) if entered else None

    def _models(self, entries: dict[str, Any]) -> dict[UUID, ModelVersion]:
        assay, model = entries.get("assay") or self.usual_assay, entries.get("model")
        return {one.pk: one for one in self.versions if one.assay == assay and (not model or str(one.pk) == model)}
