"""The one-time links by which a forgotten password is replaced."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetLinks(PasswordResetTokenGenerator):
    """A link is good for an hour, once, and only until the person signs in, changes anything or is deactivated."""

    key_salt = "clinic.accounts.reset_links"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}{user.session_epoch}"


reset_links = ResetLinks()
