"""Mails to people, with nothing about any patient in them."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from clinic.models import User

logger = logging.getLogger(__name__)


def send_mail(*, to: User, subject: str, template: str, **facts: object) -> bool:
    """Send a mail; False when the site sends none, or the mail server did not take it."""
    if not settings.SENDS_EMAIL:
        return False
    body = render_to_string(template, {"person": to, "site": settings.SITE_ADDRESS, **facts})
    try:
        EmailMessage(subject=f"Second Read: {subject}", body=body, to=[to.email]).send()
    except (SMTPException, OSError) as error:
        # The error's own words may hold the address.
        logger.warning("A mail could not be sent: %s", type(error).__name__)
        return False
    return True
