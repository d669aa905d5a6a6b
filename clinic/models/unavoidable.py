"""Triggers that nobody's session can switch off."""

from typing import Any

import pgtrigger
from django.db import models


class Unavoidable(pgtrigger.Trigger):
    """Runs a database function that a migration has made, under pgtrigger's care.

    pgtrigger's own functions look at a setting that any session may set, and then do nothing: right for a test, wrong
    for a promise. `procedure` is called without that look.
    """

    func = "RETURN NULL;"  # pgtrigger wants one; it is never called

    def __init__(self, *, procedure: str, **options: Any) -> None:
        self.procedure = procedure
        super().__init__(**options)

    def render_execute(self, model: models.Model) -> str:  # noqa: ARG002  pgtrigger's signature
        """What the trigger calls."""
        return f"{self.procedure}()"


def append_only() -> Unavoidable:
    """Refuses UPDATE, DELETE and TRUNCATE of a table, even of no row."""
    return Unavoidable(
        name="append_only",
        procedure="clinic_refuse_change",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
    )
