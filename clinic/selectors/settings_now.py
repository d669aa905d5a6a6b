"""Settings as this process found them: what each is, whence it comes and what it is for. No secret is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinic.settings import environment
from clinic.settings.environment import Origin
from clinic.settings.meaning import GROUPS, Group, Meaning


@dataclass(frozen=True)
class SettingNow:
    """A setting's meaning, its value (empty for a secret), and whether somebody set it."""

    meaning: Meaning
    value: str
    origin: Origin
    is_set: bool


def settings_now() -> Sequence[tuple[Group, Sequence[SettingNow]]]:
    """Every setting, in its group."""
    return [(group, [_now(meaning) for meaning in group.meanings]) for group in GROUPS]


def _now(meaning: Meaning) -> SettingNow:
    found = environment.READ.get(meaning.name)
    value, origin = (found.value, found.origin) if found else ("", Origin.UNREAD)
    return SettingNow(meaning, value="" if meaning.secret else value, origin=origin, is_set=bool(value))


def documented() -> str:
    """The table of all settings as docs/architecture.md shows it."""
    rows = [
        f"| `{one.name}` | {one.sentence} | {'secret' if one.secret and not one.default else one.default} |"
        for group in GROUPS
        for one in group.meanings
    ]
    return "\n".join(["| name | what it is | default |", "|---|---|---|", *rows])
