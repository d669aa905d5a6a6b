"""What administrators and doctors say about what is to be read anew."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Analysis, ModelVersion
from diagnosis.worklist_forms import NOT_A_DAY


class VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # it takes none when the program runs
    """Versions by their names."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj)


class ReadByForm(forms.Form):
    """What another version has read, perhaps since some day only."""

    read_by = VersionChoice(
        queryset=ModelVersion.objects.none(),
        label=_("Images that were read by"),
        empty_label=_("Choose …"),
        error_messages={"required": _("Choose a version."), "invalid_choice": _("Choose one of these.")},
    )
    since = forms.DateField(
        label=_("Read on or after"),
        required=False,
        help_text=_("Leave it empty for all of them."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages=NOT_A_DAY,
    )

    def __init__(self, data: Any = None, *, model: ModelVersion) -> None:
        super().__init__(data)
        field = self.fields["read_by"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  it is, see above
        field.queryset = versions_that_read(model)


def versions_that_read(model: ModelVersion) -> Any:
    """The other versions of the same assay that have analyses."""
    read = Analysis.objects.order_by().values("model_version")
    others = ModelVersion.objects.filter(assay=model.assay, pk__in=read).exclude(pk=model.pk)
    return others.defer("manifest").order_by("name", "version", "pk")
