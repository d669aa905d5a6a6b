"""Sending a one-time link to the person it is for."""

from django.utils.translation import gettext_lazy as lazy

from clinic.services.invitations import IssuedLink
from clinic.services.mail import send_mail


def send_link(link: IssuedLink) -> bool:
    """Send it by mail; False when no mail went out, and the link has to be handed over otherwise."""
    return send_mail(
        to=link.person,
        subject=lazy("Your account"),
        template="clinic/mail/invitation.txt",
        link=link.address,
        expires_at=link.invitation.expires_at,
    )
