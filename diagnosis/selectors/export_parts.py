"""What an export holds: one entry a table. A new table about patients gets an entry here, or a test fails."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from clinic.models import (
    CareTeamMembership,
    EmergencyAccess,
    EmergencyNotice,
    MergedMembership,
    Merging,
    Patient,
    RecordHold,
)
from diagnosis.models import (
    Analysis,
    Case,
    CaseInvolvement,
    CaseStanding,
    ImageOpening,
    MergedCase,
    Prediction,
    Reading,
    ReadingDraft,
    ReadingRequest,
    Reanalysis,
    Report,
    ReportDraft,
    ReportDrawing,
    ShadowAnalysis,
    SlideImage,
)
from diagnosis.selectors.record_rows import branches

Row = Mapping[str, Any]
ENDINGS = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif"}


@dataclass(frozen=True)
class ExportedFile:
    """A stored file, and where it lies in the export: named by ids, never by what somebody called it."""

    path: str
    sha256: str


def _no_files(_: Row) -> Iterable[ExportedFile]:
    return ()


@dataclass(frozen=True)
class Part:
    """One table's share: under which name, which columns (name in the export -> lookup), and which files a row has."""

    name: str
    model: type[Model]
    columns: Mapping[str, str]
    files: Callable[[Row], Iterable[ExportedFile]] = _no_files

    def rows(self, patient_ids: Sequence[UUID]) -> list[dict[str, Any]]:
        """The rows of these patients, the oldest ids first."""
        ways = [branch for branch in branches() if branch.model is self.model]
        found = [way.rows(patient_ids).order_by("pk").values_list("pk", *self.columns.values()) for way in ways]
        unique = {values[0]: dict(zip(self.columns, values[1:], strict=True)) for rows in found for values in rows}
        return list(unique.values())


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _image_file(row: Row) -> Iterable[ExportedFile]:
    yield ExportedFile(f"images/{row['id']}.{ENDINGS.get(row['file_format'], 'bin')}", row["sha256"])


def _prediction_files(row: Row) -> Iterable[ExportedFile]:
    for kind in ("mask", "outline", "map"):
        yield ExportedFile(f"predictions/{row['id']}-{kind}.png", row[f"{kind}_sha256"])


def _drawing_file(row: Row) -> Iterable[ExportedFile]:
    if row["pdf_sha256"]:
        yield ExportedFile(f"reports/{row['report']}-{row['id']}.pdf", row["pdf_sha256"])


PARTS: Sequence[Part] = (
    Part(
        "care_team",
        CareTeamMembership,
        {"doctor": "user__full_name", "since": "added_at", "added_by": "added_by__full_name"},
    ),
    Part(
        "holds",
        RecordHold,
        {
            **_same("id", "kind", "reason", "placed_at", "lift_reason", "lifted_at"),
            "placed_by": "placed_by__full_name",
            "lifted_by": "lifted_by__full_name",
        },
    ),
    Part(
        "mergings",
        Merging,
        {
            **_same("id", "kept", "merged", "merged_at", "undone_at"),
            "merged_by": "merged_by__full_name",
            "undone_by": "undone_by__full_name",
        },
    ),
    Part(
        "emergency_accesses",
        EmergencyAccess,
        {**_same("id", "reason", "started_at", "expires_at", "ended_at"), "doctor": "user__full_name"},
    ),
    Part(
        "cases",
        Case,
        {
            **_same(
                "id", "patient", "assay", "specimen_date", "urgency", "note", "micrometres_per_pixel", "created_at"
            ),
            "opened_by": "created_by__full_name",
        },
    ),
    Part(
        "images",
        SlideImage,
        {
            **_same("id", "case", "uploaded_name", "sha256", "size_bytes", "file_format", "width", "height"),
            **_same("micrometres_per_pixel", "created_at", "in_use_since", "withdrawn_at", "withdrawal_reason"),
            "uploaded_by": "created_by__full_name",
            "withdrawn_by": "withdrawn_by__full_name",
        },
        _image_file,
    ),
    Part(
        "analyses",
        Analysis,
        {
            **_same("id", "image", "state", "attempts", "failure_code", "failure_message"),
            **_same("created_at", "started_at", "finished_at"),
            "requested_by": "requested_by__full_name",
            "asked_anew_in": "reanalysis",
            "model_name": "model_version__name",
            "model_version": "model_version__version",
            "model_sha256": "model_version__sha256",
        },
    ),
    Part(
        "reanalyses",
        Reanalysis,
        {
            **_same("id", "case", "scope", "filters", "state", "expected", "queued", "known", "left_out"),
            **_same("created_at", "ended_at"),
            "requested_by": "requested_by__full_name",
            "stopped_by": "stopped_by__full_name",
            "model_name": "model_version__name",
            "model_version": "model_version__version",
            "model_sha256": "model_version__sha256",
        },
    ),
    Part(
        "predictions",
        Prediction,
        {
            **_same("id", "analysis", "verdict", "label", "confidence", "malignant_probability", "probabilities"),
            **_same("prediction_set", "in_scope_score", "mask_area_fraction", "contour_count", "created_at"),
            **_same("mask_sha256", "outline_sha256", "map_sha256", "model_sha256"),
            "model_name": "analysis__model_version__name",
            "model_version": "analysis__model_version__version",
        },
        _prediction_files,
    ),
    Part(
        "readings",
        Reading,
        {
            **_same("id", "image", "role", "answer", "label", "reason", "comment", "prediction", "was_blinded"),
            **_same("replaces", "change_reason", "opened_at", "created_at"),
            "read_by": "reader__full_name",
        },
    ),
    Part(
        "reading_requests",
        ReadingRequest,
        {
            **_same("id", "image", "kind", "state", "created_at", "closed_at", "decline_reason"),
            "asked_of": "asked_of__full_name",
            "asked_by": "asked_by__full_name",
        },
    ),
    Part(
        "reports",
        Report,
        {
            **_same("id", "case", "version", "content", "content_digest", "amendment_reason", "confirmed_by"),
            **_same("image_count", "withdrawn_count", "reading_count", "created_at"),
            "signed_by": "signed_by__full_name",
        },
    ),
    Part(
        "report_drawings",
        ReportDrawing,
        _same("id", "report", "superseded_by", "pdf_sha256", "attempts", "asked_at", "drawn_at"),
        _drawing_file,
    ),
)

# What a model in the shadow says (no part of anybody's care), how undoing a merging works, which colleague took note of
# an emergency or opened an image, what the worklist counts, and words that nobody has put their name to yet.
LEFT_OUT: frozenset[type[Model]] = frozenset(
    {
        ShadowAnalysis,
        CaseInvolvement,
        CaseStanding,
        EmergencyNotice,
        ImageOpening,
        MergedCase,
        MergedMembership,
        ReadingDraft,
        ReportDraft,
    }
)

IDENTITY = ("id", "record_number", "family_name", "given_name", "birth_date", "created_at", "restricted_at")


def identity_of(patient: Patient) -> dict[str, Any]:
    """Who the patient is, and who registered them."""
    return {name: getattr(patient, name) for name in IDENTITY} | {"registered_by": patient.created_by.full_name}
