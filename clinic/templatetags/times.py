"""Days and moments, written as the person's language writes them, in the person's time zone."""

from datetime import date, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html

register = template.Library()


@register.filter(expects_localtime=True)
def moment(value: datetime | None) -> str:
    """A day and a time to the minute; pointed at, it says in which zone. Nothing for no moment at all."""
    return _with_zone(value, "SHORT_DATETIME_FORMAT")


@register.filter(expects_localtime=True)
def exact_moment(value: datetime | None) -> str:
    """A day and a time to the second, with the zone: for what is compared with other clocks."""
    if not value:
        return ""
    shown = f"{date_format(value, 'SHORT_DATE_FORMAT')}, {date_format(value, 'H:i:s')}"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), f"{shown} {date_format(value, 'T')}")


@register.filter(expects_localtime=True)
def clock(value: datetime | None) -> str:
    """The time of the day alone."""
    return _with_zone(value, "TIME_FORMAT")


@register.filter(expects_localtime=True)
def day(value: date | None) -> str:
    """A day; of a moment, the day that it falls on in the person's zone."""
    return _time(value, "SHORT_DATE_FORMAT")


@register.filter(expects_localtime=True)
def long_day(value: date | None) -> str:
    """A day with its month in full."""
    return _time(value, "DATE_FORMAT")


def _with_zone(value: datetime | None, form: str) -> str:
    if not value:
        return ""
    whole = f"{date_format(value, 'DATETIME_FORMAT')} {value.tzname()}"
    shown = date_format(value, form)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), whole, shown)


def _time(value: date | None, form: str) -> str:
    if not value:
        return ""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(value, form))
