"""Why somebody acted."""

from django.db import models
from django.utils.translation import gettext_lazy as lazy

from clinic.models.user import Role


class Purpose(models.TextChoices):
    """The reason for an access to a patient's data, or for any other act of the trail."""

    CARE = "care", lazy("Care of the patient")
    EMERGENCY = "emergency", lazy("Emergency")
    EXPORT = "export", lazy("Export")
    ADMINISTRATION = "administration", lazy("Administration")
    AUDIT = "audit", lazy("Audit")
    SYSTEM = "system", lazy("The system's own work")


# What a person of each role acts for when nothing else is said.
USUAL_PURPOSE = {
    Role.DOCTOR: Purpose.CARE,
    Role.PROGRAM: Purpose.CARE,
    Role.ADMINISTRATOR: Purpose.ADMINISTRATION,
    Role.AUDITOR: Purpose.AUDIT,
}
