"""What administrators may read of the work in Django's own admin: ids, states, times and versions.

Left out is whatever is a patient's or was said about one: images and cases, what a model or a doctor found, reports,
and the comments and reasons that people typed about them. The trail is left out too: it is the auditors', who have a
page of their own for it, which notes each look; this admin is the administrators', who see no trail.
"""

from clinic.admin import ReadOnlyAdmin, site
from diagnosis.models import Analysis, Backup, IntegrityCheck, ModelChange, ModelEvaluation, ModelVersion, Prediction


class AnalysisAdmin(ReadOnlyAdmin):
    """The work: which model, which state, when, and why not."""

    list_display = ("id", "model_version", "state", "attempts", "failure_code", "queued_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("model_version",)
    ordering = ("-created_at", "-id")
    fields = (
        "id", "model_version", "state", "attempts", "failure_code", "created_at", "queued_at", "started_at",
        "finished_at", "lease_expires_at", "request_id",
    )  # fmt: skip


class PredictionAdmin(ReadOnlyAdmin):
    """That there is a result, of which analysis and by which model file. What it says is between model and doctor."""

    list_display = ("id", "analysis_id", "model_sha256", "created_at")
    ordering = ("-created_at", "-id")
    fields = ("id", "analysis_id", "model_sha256", "created_at")


class ModelVersionAdmin(ReadOnlyAdmin):
    """The registry."""

    list_display = ("name", "version", "assay", "state", "activated_at", "stopped_at")
    list_filter = ("assay", "state")
    fields = (
        "id", "name", "version", "assay", "state", "sha256", "created_at", "activated_at", "activated_by", "stopped_at",
        "stopped_by",
    )  # fmt: skip


class ModelChangeAdmin(ReadOnlyAdmin):
    """Who decided what about a model, when and why."""

    list_display = ("created_at", "model", "kind", "why", "made_by", "consented_by")
    list_filter = ("kind",)
    list_select_related = ("model", "made_by", "consented_by")
    ordering = ("-created_at", "-id")
    fields = ("created_at", "model", "kind", "why", "reason", "other", "made_by", "consented_by")


class ModelEvaluationAdmin(ReadOnlyAdmin):
    """How models were measured on the site's test sets."""

    list_display = ("created_at", "model", "test_set", "state", "done", "total", "finished_at")
    list_filter = ("state",)
    list_select_related = ("model", "test_set")
    ordering = ("-created_at", "-id")
    fields = (
        "id", "model", "test_set", "state", "done", "total", "attempts", "engines_difference", "failure_message",
        "started_by", "created_at", "finished_at",
    )  # fmt: skip


class BackupAdmin(ReadOnlyAdmin):
    """Backups that were made."""

    list_display = ("name", "ended_at", "file_count", "new_file_count", "problem_count")
    fields = (
        "name", "started_at", "ended_at", "database_bytes", "file_count", "new_file_count", "new_bytes",
        "problem_count",
    )  # fmt: skip


class IntegrityCheckAdmin(ReadOnlyAdmin):
    """Proofs of files and trail."""

    list_display = ("thing", "started_at", "ended_at", "checked", "problem_count")
    list_filter = ("thing",)
    fields = ("thing", "started_at", "ended_at", "checked", "bytes_read", "problem_count", "problems")


site.register(Analysis, AnalysisAdmin)
site.register(Prediction, PredictionAdmin)
site.register(ModelVersion, ModelVersionAdmin)
site.register(ModelChange, ModelChangeAdmin)
site.register(ModelEvaluation, ModelEvaluationAdmin)
site.register(Backup, BackupAdmin)
site.register(IntegrityCheck, IntegrityCheckAdmin)
