"""What an auditor asks the trail."""

from typing import Any

from django import forms

from clinic.models import User
from clinic.selectors.audit import known_actions


class TrailForm(forms.Form):
    """Filters, all of them optional. Ids only: names of patients are not known here."""

    person = forms.ModelChoiceField(
        User.objects.order_by("full_name", "id"), required=False, empty_label="Anybody", label="Person"
    )
    action = forms.ChoiceField(required=False, label="Action")
    patient = forms.UUIDField(
        required=False, label="Patient's id", error_messages={"invalid": "Enter the id as the trail shows it."}
    )
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    address = forms.GenericIPAddressField(required=False, label="Network address")
    # Where the page begins or ends: the ids of rows.
    older = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    newer = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(action, action) for action in known_actions()]
        self.fields["action"] = forms.ChoiceField(choices=[("", "Any"), *known], required=False, label="Action")


class PlaceForm(forms.Form):
    """Where a page begins or ends: the ids of rows."""

    older = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    newer = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
