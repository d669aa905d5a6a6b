"""People, patients, care teams and the audit trail."""

from clinic.models.audit_event import AuditEvent
from clinic.models.care_team import CareTeamMembership
from clinic.models.patient import Patient
from clinic.models.user import Role, User

__all__ = ["AuditEvent", "CareTeamMembership", "Patient", "Role", "User"]
