"""People, patients, care teams and the audit trail."""

from clinic.models.api_token import ApiToken, TokenScope
from clinic.models.audit_event import AuditEvent
from clinic.models.audit_link import AuditLink
from clinic.models.care_team import CareTeamMembership
from clinic.models.emergency_access import EMERGENCY_LASTS, EmergencyAccess, EmergencyNotice
from clinic.models.erasure import Erasure, ErasureReason, ErasureState
from clinic.models.invitation import Invitation
from clinic.models.kept_answer import KeptAnswer
from clinic.models.merging import MergedMembership, Merging
from clinic.models.past_membership import PastMembership
from clinic.models.patient import Patient
from clinic.models.purpose import Purpose
from clinic.models.record_hold import HoldKind, RecordHold
from clinic.models.request_count import RequestCount
from clinic.models.user import PEOPLES_ROLES, Role, User
from clinic.models.worker_process import WorkerProcess

__all__ = [
    "EMERGENCY_LASTS",
    "PEOPLES_ROLES",
    "ApiToken",
    "AuditEvent",
    "AuditLink",
    "CareTeamMembership",
    "EmergencyAccess",
    "EmergencyNotice",
    "Erasure",
    "ErasureReason",
    "ErasureState",
    "HoldKind",
    "Invitation",
    "KeptAnswer",
    "MergedMembership",
    "Merging",
    "PastMembership",
    "Patient",
    "Purpose",
    "RecordHold",
    "RequestCount",
    "Role",
    "TokenScope",
    "User",
    "WorkerProcess",
]
