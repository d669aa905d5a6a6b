"""Small parts that many pages share."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.acts import in_words
from clinic.models import Role

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of the drawings in static/img/icons.svg, beside words that say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def site_sends_email() -> bool:
    """Whether this site has a mail server."""
    return bool(settings.SENDS_EMAIL)


@register.simple_tag
def session_seconds() -> int:
    """How long a session lasts when nothing is done."""
    return int(settings.SESSION_IDLE.total_seconds())


@register.simple_tag
def time_zone_cookie() -> str:
    """The cookie in which the browser tells its time zone."""
    return settings.TIME_ZONE_COOKIE_NAME


@register.filter
def act(action: str) -> str:
    """An action of the trail in words: `image.uploaded_again` is "Image uploaded again"."""
    return _(in_words(action))


@register.filter
def role_name(role: str) -> str:
    """A role as the trail holds it, in words; nothing for no role."""
    return str(Role(role).label) if role in Role.values else role
