"""The access matrix as a table: one row an address, one expectation a method.

An expectation says what each person gets: `"team 200; others 404"`. Left out:

- anonymous and deactivated people: sent to the sign-in by pages, 401 from the API;
- tokens: nothing but the sign-in on pages; on the API `write_token` and `read_token` are the owner's,
  and `read_token` gets 403 wherever something could be changed;
- HEAD: as GET;
- a method without an expectation, unless `other` says more: refused, whoever asks (401, 403, 404, 405 or the sign-in).

`emergency` is a doctor with a current emergency access to the patient; `seeing` is that doctor and the team.

`302` is a redirect that is not to the sign-in. `200|204` is either. `{patient}` in a body is the patient's id.
`of` names the thing whose id stands in the address: strangers' answers are compared with those for a missing id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAFE = ("GET", "HEAD", "OPTIONS")

TEAM = ("owner", "colleague")
OFFICE = ("administrator", "auditor")
SIGNED_IN = (*TEAM, "emergency", "stranger", *OFFICE)
TOKENS = ("read_token", "write_token")
NOBODY = ("anonymous", "deactivated")
PEOPLE = (*NOBODY, *SIGNED_IN, *TOKENS)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "team": TEAM,
    "doctors": (*TEAM, "emergency", "stranger"),
    "seeing": (*TEAM, "emergency"),
    "office": OFFICE,
    "everyone": SIGNED_IN,
    "anyone": PEOPLE,
}


@dataclass(frozen=True)
class Row:
    """One address: what each person gets from it, by method."""

    name: str
    of: str = ""
    get: str = ""
    post: str = ""
    put: str = ""
    patch: str = ""
    delete: str = ""
    other: str = ""  # what comes of the methods without an expectation of their own; nothing said: refused
    body: Mapping[str, Any] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    file: str = ""  # the form field in which an image is sent
    path: str = ""  # for an address without a name
    by: str = "pk"  # what the thing's id is called in the address

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:") or self.path.startswith("/api/")

    def __str__(self) -> str:
        return " ".join([self.name, *self.at.values()])

    def offers(self, method: str) -> bool:
        """Whether anybody may expect something of this method; what is not offered is refused, whoever asks."""
        return bool({"HEAD": self.get}.get(method) or getattr(self, method.lower(), "") or self.other)

    def expected(self, method: str, person: str) -> str:
        """What the person gets: statuses, `sign-in` or `refused`."""
        said = _parsed({"HEAD": self.get}.get(method) or getattr(self, method.lower(), "") or self.other)
        if not said:
            return "refused"
        if person in said:
            return said[person]
        if person in NOBODY or (person in TOKENS and not self.is_api):
            return "401" if self.is_api else "sign-in"
        if person == "read_token" and method not in SAFE:
            return "403"
        if person in TOKENS:
            return self.expected(method, "owner")
        return said["others"]


def _parsed(text: str) -> dict[str, str]:
    """By person; a person's own entry goes before that of a group."""
    entries = [entry.rsplit(" ", 1) for entry in text.split("; ")] if text else []
    said = [(name, status) for names, status in entries for name in names.split()]
    of_groups = {person: status for name, status in said for person in GROUPS.get(name, ())}
    return of_groups | {name: status for name, status in said if name not in GROUPS}


def picture(name: str, kind: str, *, get: str, of: str = "image") -> Row:
    """One of the pictures that hang on an image or a prediction."""
    return Row(name, of=of, at={"kind": kind}, get=get)


NEW_PATIENT = {"record_number": "77", "family_name": "Quist"}
NEW_CASE = {"assay": "leukemia", "specimen_date": "2026-01-02"}
SIGN_IN = {"email": "owner@clinic.example", "password": "correct horse battery staple"}
NEW_TOKEN = {"name": "laboratory", "scope": "read", "lifetime": "12h", "password": "correct horse battery staple"}
SEES = "seeing 200; others 404"
TEAM_CHANGES = "team 302; emergency 403; others 404"
DOCTORS = "doctors 200; others 403"
OWN_VIEW = "owner 302; doctors 404; others 403"
NOBODYS = {"record_number": "0", "family_name": "Nobody", "reason": "Brought in unconscious at night."}
PASSWORDS = {"old_password": "x", "new_password": "y", "repeated": "y"}

READING = {"choice": "class:Pre", "shown": "{prediction}"}


def admin_rows(table: str, one: str, *, missing: bool = False) -> list[Row]:
    """Django's admin of a table: for administrators, to read. A row that is not there leads back to the index."""
    found = "administrator 302; others 403" if missing else ADMINISTRATORS
    return [
        Row(f"admin:{table}_changelist", get=ADMINISTRATORS, other="administrator 200|403; others 403"),
        Row(f"admin:{table}_change", get=found, other="administrator 200|302|403; others 403", at={"object_id": one}),
    ]


PAGES = [
    Row("clinic:home", get="doctors administrator 302; auditor 200"),
    Row(
        "clinic:sign_in",
        get="anyone 200; everyone 302",
        post="anyone 400; everyone 302",
        other="anyone 200|400|405; everyone 302",
    ),
    Row("clinic:sign_out", post="everyone sign-in"),
    Row("clinic:account", get="everyone 200", post="everyone 400", body=PASSWORDS),
    Row("clinic:patients", get="doctors 200; others 403", post="doctors 200; others 403", body={"query": "a"}),
    Row("clinic:patient_new", get="doctors 200; others 403", post="doctors 302; others 403", body=NEW_PATIENT),
    Row("clinic:health_live", get="anyone 200"),
    Row("clinic:health_ready", get="anyone 503"),  # no worker is there
    Row("clinic:api_tokens", get="everyone 200", post="everyone 200", body=NEW_TOKEN),
    Row("clinic:api_token_revoke", of="token", post="owner 302; others 404"),
    Row("clinic:care_team", of="patient", get=SEES, post=SEES, body={"query": "stranger"}),
    Row("clinic:care_team_share", of="patient", post=TEAM_CHANGES, body={"doctor": "{doctor}"}),
    Row("clinic:care_team_leave", of="patient", post=TEAM_CHANGES),
    Row("clinic:care_team_hand_over", of="patient", post=TEAM_CHANGES, body={"doctor": "{doctor}"}),
    Row("clinic:emergency", get="doctors 200; others 403", post="doctors 400; others 403", body=NOBODYS),
    Row("clinic:emergency_report", get="auditor 200; others 403"),
    Row("clinic:emergency_end", of="access", post="emergency 302; others 404"),
    Row("clinic:emergency_noted", of="notice", post="owner 302; others 404"),
    Row("diagnosis:patient", of="patient", get=SEES),
    Row("diagnosis:case_new", of="patient", get=SEES, post="seeing 302; others 404", body=NEW_CASE),
    Row("diagnosis:case", of="case", get=SEES),
    Row("diagnosis:case_images", of="case", get=SEES, post="seeing 302; others 404", file="images"),
    Row("diagnosis:image", of="image", get=SEES),
    Row("diagnosis:image_state", of="image", get=SEES),
    Row("diagnosis:image_parts", of="image", get=SEES),
    Row("diagnosis:image_opened", of="image", post="seeing 204; others 404"),
    picture("diagnosis:image_file", "display", get=SEES),
    picture("diagnosis:image_file", "thumbnail", get=SEES),
    picture("diagnosis:image_file", "mask", get=SEES),
    picture("diagnosis:image_file", "outline", get=SEES),
    picture("diagnosis:image_file", "map", get=SEES),
    Row("clinic:trail", get="auditor 200; others 403"),
    Row("clinic:trail_csv", get="auditor 200; others 403"),
    Row("clinic:trail_xlsx", get="auditor 200; others 403"),
    Row("clinic:trail_sign_ins", get="auditor 200; others 403"),
    Row("diagnosis:patient_trail", of="patient", get=SEES),
    picture("diagnosis:image_file", "original", get="others 404"),
    Row("diagnosis:record", of="patient", get=SEES),
    # The colleague is asked for a second reading: an export would show what is withheld until then.
    Row(
        "diagnosis:record_export",
        of="patient",
        get=SEES,
        post="owner 200; colleague 400; emergency 403; others 404",
    ),
    Row(
        "diagnosis:record_hold",
        of="patient",
        at={"kind": "restriction"},
        get=SEES,
        post="team 302; emergency 403; others 404",
        body={"reason": "asked by letter"},
    ),
    Row(
        "diagnosis:record_merge",
        of="patient",
        get=SEES,
        post=SEES,
        body={"query": "a"},
    ),
    Row(
        "diagnosis:record_merge_with",
        of="patient",
        at={"other": "{twin}"},
        get="team 200; others 404",
        post="team 302; others 404",
        body={"keep": "{patient}"},
    ),
    Row(
        "diagnosis:record_erasure",
        of="patient",
        get=SEES,
        post="team 400; emergency 403; others 404",
        body={"reason": "patient_asked"},
    ),
    Row("diagnosis:merging_undo", of="merging", get=SEES, post="team 302; emergency 403; others 404"),
    Row("diagnosis:erasures", get="administrator 200; others 403"),
    Row(
        "diagnosis:erasure",
        of="erasure",
        get="administrator 200; others 403",
        post="administrator 302; others 403",
        body={"decision": "refuse"},
    ),
    Row("diagnosis:analysis_retry", of="failed", post="seeing 302; others 404"),
    Row("diagnosis:models", get="everyone 200"),
    Row("clinic:language", post="anyone 302"),
    Row("clinic:preferences", post="everyone 302", body={"language": "es", "time_zone": "Europe/Madrid"}),
    Row("diagnosis:model", of="model", get="everyone 200"),
    Row("diagnosis:model_upload", get="administrator 200; others 403", post="administrator 400; others 403"),
    Row(
        "diagnosis:model_decision",
        of="model",
        at={"kind": "stop"},
        post="administrator 302; others 403",
        body={"why": "fault", "reason": "Answers differ."},
    ),
    Row("diagnosis:compare", of="patient", get=SEES),
    Row("diagnosis:reading", of="image", get=SEES, post="seeing 302; others 404", body=READING),
    Row(
        "diagnosis:reading_draft",
        of="image",
        get=SEES,
        post="owner 200; colleague emergency 409; others 404",
        body={"reader": "{owner}", "comment": "half"},
    ),
    Row("diagnosis:reading_draft_discard", of="image", post="seeing 302; others 404"),
    Row("diagnosis:second_reader", of="disputed", post=TEAM_CHANGES, body={"doctor": "{third}"}),
    Row("diagnosis:reading_request_withdraw", of="request", post="owner 302; colleague emergency 403; others 404"),
    Row(
        "diagnosis:reading_request_decline",
        of="request",
        post="colleague 302; owner emergency 403; others 404",
        body={"reason": "away"},
    ),
    Row("diagnosis:adjudication_take", of="adjudication", post=TEAM_CHANGES),
    Row("diagnosis:adjudication_name", of="adjudication", post=TEAM_CHANGES, body={"doctor": "{third}"}),
    Row("diagnosis:adjudication_hand_back", of="adjudication", post="seeing 403; others 404"),
    Row("diagnosis:assays", get="administrator 200; others 403"),
    Row("diagnosis:assay_policy", at={"slug": "leukemia"}, post="administrator 302; others 403"),
    Row("diagnosis:agreement", get="administrator 200; others 403"),
    Row("diagnosis:agreement_csv", get="administrator 200; others 403"),
    Row("diagnosis:my_agreement", get="doctors 200; others 403"),
    Row("diagnosis:my_agreement_csv", get="doctors 200; others 403"),
    Row("diagnosis:model_shadow", of="model", get="administrator 200; others 403"),
    Row("diagnosis:evaluate", of="model", post="administrator 302; others 403"),
    Row("diagnosis:evaluation", of="evaluation", get="everyone 200"),
    Row("diagnosis:evaluation_progress", of="evaluation", get="everyone 200"),
    Row("diagnosis:evaluation_report", of="evaluation", get="everyone 404"),
    Row("diagnosis:proposal_answer", of="proposal", at={"answer": "withdraw"}, post="administrator 302; others 403"),
    Row("diagnosis:test_sets", get="administrator 200; others 403", post="administrator 400; others 403"),
    Row("diagnosis:case_urgency", of="case", post="seeing 302; others 404", body={"urgency": "urgent"}),
    Row("diagnosis:image_withdraw", of="image", get=SEES, post="seeing 302; others 404", body={"reason": "other"}),
    Row("diagnosis:image_restore", of="image", post="seeing 302; others 404"),
    Row("diagnosis:worklist", get=DOCTORS, post=DOCTORS, body={"query": "a"}),
    Row("diagnosis:worklist_live", get=DOCTORS),
    Row("diagnosis:batches", get=DOCTORS),
    Row("diagnosis:saved_view_new", post="doctors 302; others 403", body={"name": "Weekend"}),
    Row("diagnosis:saved_view_rename", of="view", post=OWN_VIEW, body={"name": "Day"}),
    Row("diagnosis:saved_view_delete", of="view", post=OWN_VIEW),
    Row("diagnosis:saved_view_restore", of="view", post=OWN_VIEW),
    Row("diagnosis:report", of="case", get=SEES, post="team 400; emergency 403; others 404"),
    Row("diagnosis:report_amend", of="case", get="seeing 302; others 404", post="team 400; emergency 403; others 404"),
    Row("diagnosis:report_draft", of="case", post="team 204; emergency 403; others 404", body={"findings": "x"}),
    Row("diagnosis:report_version", of="report", get=SEES),
    Row("diagnosis:report_drawing", of="report", get=SEES, post="seeing 302; others 404"),
    *[
        Row("diagnosis:report_file", of="report", at={"form": form}, get=expected)
        for form, expected in {"pdf": "seeing 302; others 404", "csv": SEES, "xlsx": SEES, "doc": "others 404"}.items()
    ],
    Row("clinic:passkey_challenge", post="everyone 404"),
]

DECIDED = {"why": "fault", "reason": "Answers differ."}
TEAM_ACTS = "team 200; emergency 403; stranger 404; others 403"
ONLY_ADMINISTRATORS = "administrator 200; others 403"

REGISTRY_API = [
    Row(
        "api:model-decisions",
        of="model",
        post=ONLY_ADMINISTRATORS,
        body={"decision": "stop", **DECIDED},
    ),
    Row("api:model-changes", of="model", get="everyone 200"),
    Row("api:model-shadow", of="model", get=ONLY_ADMINISTRATORS),
    Row(
        "api:evaluation-list",
        get="everyone 200",
        post="administrator 202; others 403",
        body={"model": "{model}"},
    ),
    Row("api:evaluation-detail", of="evaluation", get="everyone 200"),
    Row("api:evaluation-report", of="evaluation", get="everyone 404"),
    Row(
        "api:proposal-list",
        get="everyone 200",
        post="administrator 409; others 403",
        body={"model": "{model}", **DECIDED},
    ),
    Row("api:proposal-detail", of="proposal", get="everyone 200"),
    Row("api:proposal-agree", of="proposal", post="administrator 409; others 403"),
    Row("api:proposal-withdraw", of="proposal", post=ONLY_ADMINISTRATORS),
    Row("api:test-set-list", get=ONLY_ADMINISTRATORS, post="administrator 400; others 403", file="images"),
    Row("api:test-set-detail", of="test_set", get=ONLY_ADMINISTRATORS),
    Row("api:assay-list", get=ONLY_ADMINISTRATORS),
    Row(
        "api:assay",
        at={"slug": "leukemia"},
        get=ONLY_ADMINISTRATORS,
        patch=ONLY_ADMINISTRATORS,
        body={"blinded_first_read": True},
    ),
]

RECORD_API = [
    Row(
        "api:hold-list",
        get="everyone 200",
        post="team 201; emergency 403; stranger 400; others 403",
        body={"patient": "{patient}", "kind": "legal_hold", "reason": "asked by letter"},
    ),
    Row("api:hold-detail", of="hold", get="team 200; others 404"),
    Row(
        "api:hold-lift",
        of="hold",
        post="team 200; emergency stranger 404; others 403",
        body={"reason": "the case is closed"},
    ),
    Row(
        "api:merging-list",
        get="everyone 200",
        post="team 201; emergency stranger 400; others 403",
        body={"kept": "{patient}", "merged": "{twin}"},
    ),
    Row("api:merging-detail", of="merging", get=SEES),
    Row("api:merging-undo", of="merging", post=TEAM_ACTS),
    Row(
        "api:erasure-list",
        get="everyone 200",
        post="team 409; emergency 403; stranger 400; others 403",
        body={"patient": "{patient}", "reason": "patient_asked"},
    ),
    Row("api:erasure-detail", of="erasure", get="team administrator 200; others 404"),
    Row("api:erasure-withdraw", of="erasure", post="team 200; emergency stranger 404; others 403"),
    Row("api:erasure-refuse", of="erasure", post=ONLY_ADMINISTRATORS),
    Row("api:erasure-carry-out", of="erasure", post="administrator 400; others 403", body={"patient": "{patient}"}),
    Row(
        "api:reading-request-list",
        get="everyone 200",
        post="owner 201; colleague 409; emergency 403; stranger 400; others 403",
        body={"image": "{disputed}", "doctor": "{third}"},
    ),
    Row("api:reading-request-detail", of="request", get=SEES),
    Row(
        "api:reading-request-withdraw",
        of="request",
        post="owner 200; colleague emergency 403; stranger 404; others 403",
    ),
    Row(
        "api:reading-request-decline",
        of="request",
        post="colleague 200; owner emergency 403; stranger 404; others 403",
        body={"reason": "away"},
    ),
    Row(
        "api:reading-request-take",
        of="adjudication",
        post="owner 409; colleague 200; emergency 403; stranger 404; others 403",
    ),
    Row("api:reading-request-name", of="adjudication", post=TEAM_ACTS, body={"doctor": "{third}"}),
    Row("api:reading-request-hand-back", of="adjudication", post="seeing 403; stranger 404; others 403"),
    Row("api:patient-trail", of="patient", get=SEES),
    Row("api:worklist", get=DOCTORS),
    Row("api:worklist-search", post="doctors read_token 200; others 403", body={"search": "a"}),
    Row("api:status-analyses", post=ONLY_ADMINISTRATORS, body={"action": "retry", "state": "failed"}),
    Row("api:agreement", get=ONLY_ADMINISTRATORS),
    Row("api:my-agreement", get=DOCTORS),
]

API = [
    Row("api:tokens", get="everyone 200", post="anyone 201", body=SIGN_IN),
    Row("api:token", of="token", by="id", get="owner 200; others 404", delete="owner 204; others 404"),
    Row("api:current-token", delete="everyone 409; read_token write_token 204"),
    Row("api:schema", get="anyone 200"),
    Row("api:docs", get="anyone 200"),
    Row("api:patient-list", get="everyone 200", post="doctors 201; others 403", body=NEW_PATIENT),
    Row("api:patient-search", post="everyone read_token 200", body={"search": "a"}),
    Row("api:patient-export", of="patient", get="owner 200; colleague 409; emergency 403; others 404"),
    Row("api:patient-detail", of="patient", get=SEES),
    Row(
        "api:care-team",
        of="patient",
        get=SEES,
        post="team 201; emergency 403; stranger 404; others 403",
        body={"doctor": "{doctor}"},
    ),
    Row("api:care-team-leave", of="patient", post="team 204; emergency 403; stranger 404; others 403"),
    Row(
        "api:care-team-hand-over",
        of="patient",
        post="team 204; emergency 403; stranger 404; others 403",
        body={"doctor": "{doctor}"},
    ),
    Row("api:doctor-search", post="doctors 200; others 403", body={"search": "stranger"}),
    Row(
        "api:case-list",
        get="everyone 200",
        post="seeing 201; stranger 400; others 403",
        body={"patient": "{patient}", **NEW_CASE},
    ),
    Row(
        "api:case-detail",
        of="case",
        get=SEES,
        patch="seeing 200; stranger 404; others 403",
        body={"urgency": "urgent"},
    ),
    Row("api:case-images", of="case", post="seeing 202; stranger 404; others 403", file="files"),
    Row("api:image-list", get="everyone 200"),
    Row("api:image-detail", of="image", get=SEES),
    Row(
        "api:image-withdraw", of="image", post="seeing 200; stranger 404; others 403", body={"reason": "wrong_patient"}
    ),
    Row("api:image-restore", of="image", post="seeing 409; stranger 404; others 403"),
    picture("api:image-file", "display", get=SEES),
    picture("api:image-file", "thumbnail", get=SEES),
    picture("api:image-file", "mask", get=SEES),
    picture("api:image-file", "outline", get=SEES),
    picture("api:image-file", "map", get=SEES),
    picture("api:image-file", "original", get="others 404"),
    Row("api:analysis-list", get="everyone 200"),
    Row("api:analysis-detail", of="analysis", get=SEES),
    Row("api:analysis-retry", of="failed", post="seeing 202; stranger 404; others 403"),
    Row("api:prediction-list", get="everyone 200"),
    Row("api:prediction-detail", of="prediction", get=SEES),
    picture("api:prediction-file", "mask", of="prediction", get=SEES),
    picture("api:prediction-file", "outline", of="prediction", get=SEES),
    picture("api:prediction-file", "map", of="prediction", get=SEES),
    picture("api:prediction-file", "original", of="prediction", get="others 404"),
    Row("api:model-list", get="everyone 200", post="administrator 400; others 403", file="file"),
    Row(
        "api:reading-list",
        get="everyone 200",
        post="seeing 201; stranger 400; others 403",
        body={"image": "{image}", "answer": "agree", "label": "Pre", "prediction": "{prediction}"},
    ),
    Row("api:reading-detail", of="reading", get=SEES),
    Row("api:report-list", get="everyone 200"),
    Row("api:report-detail", of="report", get=SEES),
    *[
        Row("api:report-file", of="report", at={"form": form}, get=expected)
        for form, expected in {"pdf": "seeing 503; others 404", "csv": SEES, "xlsx": SEES, "doc": "others 404"}.items()
    ],
    Row("api:model-detail", of="model", get="everyone 200"),
    *REGISTRY_API,
    *RECORD_API,
    Row("/api/v1/", path="/api/v1/nothing/", get="anyone 404"),
]

ADMINISTRATORS = "administrator 200; others 403"
INVITED = {"email": "new@clinic.example", "full_name": "New Person", "role": "doctor"}

# A session alone does not do for what changes the second step: the password is asked for once more, which is the 302.
ACCOUNTS = [
    Row(
        "account_login",
        get="anyone 200; everyone 302",
        post="anyone 400; everyone 302",
        other="anyone 200|400|405; everyone 302",
    ),
    Row("account_logout", post="everyone sign-in"),
    Row("account_reset_password", get="anyone 200", post="anyone 200", other="anyone 200|405"),
    Row("account_reset_password_done", get="anyone 200"),
    Row(
        "account_reset_password_from_key",
        get="anyone 200",
        other="anyone 200",
        at={"uidb36": "1", "key": "none"},
    ),
    Row("account_reset_password_from_key_done", get="anyone 200"),
    Row("account_reauthenticate", get="everyone 200", post="everyone 200", other="everyone 200|405"),
    Row("mfa_authenticate", get="everyone 302", other="everyone 302"),
    Row("mfa_login_webauthn", get="everyone 302", other="anyone 200|405|sign-in; everyone 302"),
    Row("mfa_reauthenticate", get="everyone 302", other="everyone 302"),
    Row("mfa_reauthenticate_webauthn", get="everyone 302", other="everyone 302"),
    Row("mfa_index", get="everyone 200"),
    Row("mfa_activate_totp", get="everyone 302", other="everyone 302"),
    Row("mfa_deactivate_totp", get="everyone 404", other="everyone 404"),
    Row("mfa_view_recovery_codes", get="everyone 404"),
    Row("mfa_generate_recovery_codes", get="everyone 302", other="everyone 302"),
    Row("mfa_list_webauthn", get="everyone 200"),
    Row("mfa_add_webauthn", get="everyone 302", other="everyone 302"),
    Row("mfa_edit_webauthn", get="everyone 302", other="everyone 302", at={"pk": "1"}),
    Row("mfa_remove_webauthn", get="everyone 302", other="everyone 302", at={"pk": "1"}),
    Row("clinic:session", get="anyone 200", post="anyone 200"),
    Row("clinic:sign_out_everywhere", post="everyone sign-in"),
    Row("clinic:invitation", get="anyone 404", at={"token": "none"}),
    Row("clinic:invitation_password", get="anyone 404", post="anyone 404"),
    Row("clinic:people", get=ADMINISTRATORS, post=ADMINISTRATORS),
    Row("clinic:person_invite", get=ADMINISTRATORS, post=ADMINISTRATORS, body=INVITED),
    Row("clinic:person", of="person", get=ADMINISTRATORS),
    Row("clinic:person_link", of="person", post=ADMINISTRATORS),
    Row("clinic:person_role", of="person", post="administrator 302; others 403", body={"role": "auditor"}),
    Row("clinic:person_deactivate", of="person", post="administrator 302; others 403"),
    Row("clinic:person_reactivate", of="person", post="administrator 302; others 403"),
    Row("clinic:person_second_step_reset", of="person", post="administrator 302; others 403"),
    Row(
        "admin:index",
        get="anyone 302; everyone 403; administrator 200",
        other="anyone 302; everyone 403; administrator 200",
    ),
    Row("admin:login", get="administrator 302; others 403", other="administrator 302; others 403"),
    Row(
        "admin:logout",
        get="anyone 302; everyone 403; administrator 405",
        post="anyone 302; everyone 403; administrator sign-in",
        other="anyone 302; everyone 403; administrator 200|405",
    ),
    Row(
        "admin:password_change",
        get="anyone 302; everyone 403; administrator 302",
        other="anyone 302; everyone 403; administrator 302",
    ),
    Row(
        "admin:password_change_done",
        get="anyone 302; everyone 403; administrator 302",
        other="anyone 302; everyone 403; administrator 302",
    ),
    Row(
        "admin:jsi18n",
        get="anyone 302; everyone 403; administrator 200",
        other="anyone 302; everyone 403; administrator 200|405",
    ),
    Row(
        "admin:app_list",
        get="anyone 302; everyone 403; administrator 200",
        other="anyone 302; everyone 403; administrator 200",
        at={"app_label": "clinic"},
    ),
    *admin_rows("clinic_user", "{person}"),
    *admin_rows("clinic_workerprocess", "1", missing=True),
    *admin_rows("diagnosis_analysis", "{analysis}"),
    *admin_rows("diagnosis_prediction", "{prediction}"),
    *admin_rows("diagnosis_modelversion", "{model}"),
    *admin_rows("diagnosis_modelchange", "0", missing=True),
    *admin_rows("diagnosis_modelevaluation", "{evaluation}"),
    *admin_rows("diagnosis_backup", "1", missing=True),
    *admin_rows("diagnosis_integritycheck", "0", missing=True),
]

OPERATIONS = [
    Row("diagnosis:status", get=ADMINISTRATORS),
    Row(
        "diagnosis:status_analyses",
        get=ADMINISTRATORS,
        post="administrator 302; others 403",
        body={"action": "retry", "state": "failed", "sure": "on"},
    ),
    Row("api:status", get="administrator 200; others 403"),
    Row("diagnosis:metrics", get="anyone 404"),  # off
    Row("clinic:settings", get=ADMINISTRATORS),
]

REANALYSES = [
    Row("diagnosis:case_reanalysis", of="case", get="team 200; emergency 403; others 404", post=TEAM_CHANGES),
    Row("diagnosis:worklist_reanalysis", get=DOCTORS, post="doctors 404; others 403"),
    Row("diagnosis:model_reanalysis", of="model", get=ADMINISTRATORS, post="administrator 400; others 403"),
    Row("diagnosis:reanalyses", get="doctors administrator 200; others 403"),
    Row("diagnosis:reanalysis", of="reanalysis", get="seeing administrator 200; others 404"),
    Row("diagnosis:reanalysis_progress", of="reanalysis", get="seeing administrator 200; others 404"),
    Row(
        "diagnosis:reanalysis_stop",
        of="reanalysis",
        post="owner administrator 302; colleague emergency 403; others 404",
    ),
    Row("api:reanalysis-list", get="everyone 200", post="doctors administrator 400; others 403"),
    Row("api:reanalysis-detail", of="reanalysis", get="seeing administrator 200; others 404"),
    Row(
        "api:reanalysis-stop",
        of="reanalysis",
        post="owner administrator 202; colleague emergency 403; stranger 404; others 403",
    ),
    Row(
        "api:case-reanalyses",
        of="case",
        post="team 202; emergency 403; stranger administrator 404; others 403",
    ),
]


PROGRAM_TOKEN = {"name": "scanner", "password": "correct horse battery staple"}
AUDITORS = "auditor 200; others 403"

PROGRAMS = [
    Row("clinic:programs", get=ADMINISTRATORS),
    Row(
        "clinic:program_new",
        get=ADMINISTRATORS,
        post="administrator 302; others 403",
        body={"full_name": "Scanner", "answered_for_by": "{owner}"},
    ),
    Row(
        "clinic:program",
        of="program",
        get=ADMINISTRATORS,
        post=ADMINISTRATORS,
        body={**PROGRAM_TOKEN, "scope": "read", "lifetime": "365d"},
    ),
    Row(
        "clinic:program_answer",
        of="program",
        post="administrator 302; others 403",
        body={"answered_for_by": "{third}"},
    ),
    Row("clinic:program_switch", of="program", post="administrator 302; others 403", body={"off": "1"}),
    Row(
        "clinic:program_token_revoke",
        of="program",
        at={"token": "{program_token}"},
        post="administrator 302; others 403",
    ),
    Row("clinic:care_team_take_off", of="patient", post=TEAM_CHANGES, body={"program": "{program}"}),
    Row(
        "api:care-team-member",
        of="patient",
        at={"member": "{program}"},
        delete="team 204; emergency 403; stranger 404; others 403",
    ),
    Row(
        "api:service-account-list",
        get=ADMINISTRATORS,
        post="administrator 201; others 403",
        body={"full_name": "Scanner", "answered_for_by": "{owner}"},
    ),
    Row(
        "api:service-account-detail",
        of="program",
        get=ADMINISTRATORS,
        patch=ADMINISTRATORS,
        body={"answered_for_by": "{third}"},
    ),
    Row("api:service-account-deactivate", of="program", post=ADMINISTRATORS),
    Row("api:service-account-reactivate", of="program", post=ADMINISTRATORS),
    Row(
        "api:service-account-tokens",
        of="program",
        by="account",
        get=ADMINISTRATORS,
        post="administrator 201; others 403",
        body={**PROGRAM_TOKEN, "lifetime_hours": 24},
    ),
    Row(
        "api:service-account-token",
        of="program",
        by="account",
        at={"token": "{program_token}"},
        get=ADMINISTRATORS,
        delete="administrator 204; others 403",
    ),
]

OFFICES = [
    Row("api:person-list", get=ADMINISTRATORS, post="administrator 201; others 403", body=INVITED),
    Row("api:person-search", post=ADMINISTRATORS, body={"search": "a"}),
    Row("api:person-detail", of="person", get=ADMINISTRATORS, patch=ADMINISTRATORS, body={"role": "auditor"}),
    Row("api:person-new-link", of="person", post="administrator 201; others 403"),
    Row("api:person-deactivate", of="person", post=ADMINISTRATORS),
    Row("api:person-reactivate", of="person", post=ADMINISTRATORS),
    Row("api:person-reset-second-step", of="person", post=ADMINISTRATORS),
    Row("api:event-list", get=AUDITORS),
    Row("api:event-detail", at={"pk": "1"}, get="auditor 200|404; others 403"),
    Row("api:failed-sign-ins", get=AUDITORS),
]

ROWS = [*PAGES, *API, *ACCOUNTS, *OPERATIONS, *REANALYSES, *PROGRAMS, *OFFICES]
