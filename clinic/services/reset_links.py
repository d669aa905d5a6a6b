"""Links for people who forgot their password. Asking for one tells nobody whether an address is known."""

import logging
from uuid import UUID

from allauth.account.utils import user_pk_to_url_str
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy
from kombu.exceptions import OperationalError

from clinic.accounts.reset_links import reset_links
from clinic.models import User
from clinic.services import audit, sign_in_limits
from clinic.services.mail import send_mail
from clinic.services.sign_in import account_of

logger = logging.getLogger(__name__)


@transaction.atomic
def ask_for_reset_link(*, email: str) -> None:
    """Have the link sent by a worker: for an unknown address exactly the same is done, and the worker finds nobody.

    A person gets a few mails an hour at most. The links in the earlier ones stay good, so nobody is kept from theirs.
    """
    subject = account_of(email)
    audit.record(actor=None, action="person.reset_link_asked_for", subject=subject)
    if sign_in_limits.has_room("reset_mails", email, settings.RESET_MAIL_LIMIT):
        transaction.on_commit(lambda: _tell_workers(subject.pk), robust=True)


def send_reset_link(*, person_id: UUID) -> None:
    """Send the link to an active person who has a password to forget."""
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None or not person.has_usable_password():
        return
    where = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(person), "key": reset_links.make_token(person)},
    )
    send_mail(
        to=person,
        subject=lazy("Your new password"),
        template="clinic/mail/reset.txt",
        link=settings.SITE_ADDRESS + where,
    )


def _tell_workers(person_id: UUID) -> None:
    try:
        current_app.send_task("clinic.tasks.send_reset_link", args=[str(person_id)])
    except (OperationalError, OSError):
        logger.warning("The broker does not answer; a mail was not sent.")
