"""Which passwords are refused, beside the short ones and those on the list of common ones."""

import string
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

AROUND = string.digits + string.punctuation + string.whitespace
SHORT_UNIT = 4  # characters


class NotCommonInDisguise(CommonPasswordValidator):
    """Refuses a common password with digits or signs around it, and a few characters over and over."""

    def validate(self, password: str, user: Any = None) -> None:
        core = password.lower().strip(AROUND)
        if _repeats(password) or (core != password.lower() and core in self.passwords):
            raise ValidationError(_("This password is too easy to guess."), code="password_too_common")

    def get_help_text(self) -> str:
        return ""


class NoNullCharacter:
    """Refuses the null character, which no database column and few keyboards hold."""

    def validate(self, password: str, user: Any = None) -> None:
        if "\x00" in password:
            raise ValidationError(_("A password cannot hold the null character."), code="password_null")

    def get_help_text(self) -> str:
        return ""


def _repeats(password: str) -> bool:
    units = (password[:length] for length in range(1, SHORT_UNIT + 1))
    return any(password == (unit * len(password))[: len(password)] for unit in units)
