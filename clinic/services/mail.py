"""Mails to people, with nothing about any patient in them."""

import logging
from smtplib import SMTPException
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation

from clinic.locality import zone_named
from clinic.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

logger = logging.getLogger(__name__)


def send_mail(*, to: User, subject: "StrOrPromise", template: str, **facts: object) -> bool:
    """Send a mail in the person's language and time; False when the site sends none, or the server did not take it."""
    if not settings.SENDS_EMAIL:
        return False
    with translation.override(to.language or settings.LANGUAGE_CODE), timezone.override(zone_named(to.time_zone)):
        heading = f"Second Read: {subject}"
        body = render_to_string(template, {"person": to, "site": settings.SITE_ADDRESS, **facts})
    try:
        EmailMessage(subject=heading, body=body, to=[to.email]).send()
    except (SMTPException, OSError) as error:
        # The error's own words may hold the address.
        logger.warning("A mail could not be sent: %s", type(error).__name__)
        return False
    return True
