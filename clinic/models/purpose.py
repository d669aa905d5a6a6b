"""Why somebody acted."""

from django.db import models

from clinic.models.user import Role


class Purpose(models.TextChoices):
    """The reason for an access to a patient's data, or for any other act of the trail."""

    CARE = "care", "Care of the patient"
    EMERGENCY = "emergency", "Emergency"
    EXPORT = "export", "Export"
    ADMINISTRATION = "administration", "Administration"
    AUDIT = "audit", "Audit"
    SYSTEM = "system", "The system's own work"


# What a person of each role acts for when nothing else is said.
USUAL_PURPOSE = {
    Role.DOCTOR: Purpose.CARE,
    Role.ADMINISTRATOR: Purpose.ADMINISTRATION,
    Role.AUDITOR: Purpose.AUDIT,
}
