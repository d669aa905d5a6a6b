"""Which analyses an administrator means, and what is to be done with them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnosis.models import AnalysisState, ModelVersion
from diagnosis.selectors.stuck_analyses import STATES, Wanted


class WantedForm(forms.Form):
    """The filter; without a state those that failed."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[(state.value, state.label) for state in STATES]
    )
    code = forms.CharField(label=_("Reason"), required=False, max_length=50)
    model = forms.ModelChoiceField(
        label=_("Model"), required=False, queryset=ModelVersion.objects.defer("manifest"), empty_label=_("Any")
    )

    def wanted(self) -> Wanted:
        """The filter that was asked for."""
        model = self.cleaned_data["model"]
        return Wanted(
            state=AnalysisState(self.cleaned_data["state"] or AnalysisState.FAILED),
            code=self.cleaned_data["code"],
            model=model.pk if model else None,
            analysis=self.cleaned_data.get("analysis"),
        )


class ActionForm(WantedForm):
    """The filter again, or one analysis, and what to do. Whoever means all that fit says so."""

    action = forms.ChoiceField(choices=[("retry", "retry"), ("cancel", "cancel")])
    analysis = forms.UUIDField(required=False)
    sure = forms.BooleanField(required=False, error_messages={"required": _("Confirm that you mean all of them.")})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("analysis") and not cleaned.get("sure"):
            self.add_error("sure", _("Confirm that you mean all of them."))
        return cleaned
