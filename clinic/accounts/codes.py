"""Codes of the second step, from programs."""

from clinic.accounts.forms import CodeForm
from clinic.models import User
from clinic.services.second_step import note_use


def accepts_code(*, person: User, code: str) -> bool:
    """Whether `code` is that of the person's app or an unused recovery code. Asking uses it up; tries are counted."""
    form = CodeForm({"code": code}, user=person)
    if not form.is_valid():
        return False
    form.authenticator.record_usage()
    note_use(form.authenticator)
    return True
