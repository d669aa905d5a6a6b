"""How long something will take, in words: no more exact than anybody can know."""

from django.utils.translation import ngettext

MINUTE, HOUR = 60, 3600


def in_words(seconds: int) -> str:
    """Such as "30 seconds" or "2 minutes": it goes behind "about" or "more than"."""
    if seconds < MINUTE:
        return ngettext("%(number)s second", "%(number)s seconds", seconds) % {"number": seconds}
    if seconds < HOUR:
        minutes = round(seconds / MINUTE)
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    hours = round(seconds / HOUR)
    return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
