"""What an auditor asks the trail."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import User
from clinic.selectors.audit import known_actions


class TrailForm(forms.Form):
    """Filters, all of them optional. Ids only: names of patients are not known here."""

    person = forms.ModelChoiceField(
        User.objects.order_by("full_name", "id"), required=False, empty_label=lazy("Anybody"), label=lazy("Person")
    )
    action = forms.ChoiceField(required=False, label=lazy("Action"))
    patient = forms.UUIDField(
        required=False,
        label=lazy("Patient's id"),
        error_messages={"invalid": lazy("Enter the id as the trail shows it.")},
    )
    since = forms.DateField(required=False, label=lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label=lazy("To"), widget=forms.DateInput(attrs={"type": "date"}))
    address = forms.GenericIPAddressField(required=False, label=lazy("Network address"))
    # Where the page begins or ends: the ids of rows.
    older = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    newer = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(action, action) for action in known_actions()]
        self.fields["action"] = forms.ChoiceField(choices=[("", _("Any")), *known], required=False, label=_("Action"))


class PlaceForm(forms.Form):
    """Where a page begins or ends: the ids of rows."""

    older = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    newer = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
