"""In which language and time zone a person reads."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.locality import known_zones
from clinic.models import User


class PreferencesForm(forms.Form):
    """Language and time zone; the first choice of each leaves it to the browser."""

    language = forms.ChoiceField(label=lazy("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=lazy("Time zone"), required=False, help_text=lazy("All times on your pages are shown in it.")
    )

    def __init__(self, *args: Any, person: User, browser_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"language": person.language, "time_zone": person.time_zone}
        self.fields["language"] = _chosen_from(
            self.fields["language"], [("", _("As the browser asks")), *settings.LANGUAGES]
        )
        as_told = _("As the browser says: %(zone)s") % {"zone": browser_zone or settings.TIME_ZONE}
        zones = [(name, name.replace("_", " ")) for name in _places(person.time_zone)]
        self.fields["time_zone"] = _chosen_from(self.fields["time_zone"], [("", as_told), *zones])


def _chosen_from(field: forms.Field, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=field.label, required=False, help_text=field.help_text, choices=choices)


def _places(chosen: str) -> list[str]:
    """The zones that are named after a place, and UTC; also what the person has chosen, should it be another."""
    places = {name for name in known_zones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))}
    return sorted(places | {"UTC"} | ({chosen} & known_zones()))
