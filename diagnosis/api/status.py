"""/status/: how the site is doing, for administrators."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.api.resources import Endpoint
from diagnosis.selectors.site_status import site_status


class AdministratorsOnly(BasePermission):
    """People who look after the site."""

    message = "Only administrators see how the site is doing."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(getattr(request.user, "is_administrator", False))


class QueueSerializer(serializers.Serializer[object]):
    model = serializers.UUIDField(source="model.pk")
    name = serializers.CharField(source="model")
    waiting = serializers.IntegerField(help_text="Counted up to 10000.")
    oldest = serializers.DateTimeField()


class LeaseSerializer(serializers.Serializer[object]):
    model = serializers.CharField()
    images = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    is_lost = serializers.BooleanField()


class WorkerSerializer(serializers.Serializer[object]):
    name = serializers.CharField()
    started_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    progress_at = serializers.DateTimeField(allow_null=True)
    doing = serializers.CharField()
    doing_since = serializers.DateTimeField(allow_null=True)


class FailuresSerializer(serializers.Serializer[object]):
    code = serializers.CharField()
    state = serializers.CharField()
    count = serializers.IntegerField()
    newest = serializers.DateTimeField()


class SizesSerializer(serializers.Serializer[object]):
    database = serializers.IntegerField()
    stored = serializers.IntegerField(allow_null=True, help_text="As the last check of the files found it.")
    free = serializers.IntegerField(allow_null=True)


class LastBackupSerializer(serializers.Serializer[object]):
    name = serializers.CharField()
    ended_at = serializers.DateTimeField()
    file_count = serializers.IntegerField()
    problem_count = serializers.IntegerField()


class LastCheckSerializer(serializers.Serializer[object]):
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    checked = serializers.IntegerField()
    problem_count = serializers.IntegerField()


class StatusSerializer(serializers.Serializer[object]):
    at = serializers.DateTimeField()
    ready = serializers.BooleanField(source="readiness.is_ready")
    parts = serializers.DictField(
        source="readiness.parts", child=serializers.CharField(allow_blank=True), help_text="Empty: ready."
    )
    queues = QueueSerializer(many=True)
    leases = LeaseSerializer(many=True)
    workers = WorkerSerializer(many=True)
    failures = FailuresSerializer(many=True)
    bytes = SizesSerializer(source="sizes")
    versions = serializers.DictField(child=serializers.CharField())
    last_backup = LastBackupSerializer(source="backup", allow_null=True)
    last_file_check = LastCheckSerializer(source="files", allow_null=True)
    last_trail_check = LastCheckSerializer(source="trail", allow_null=True)


class StatusView(Endpoint):
    """The status page's figures."""

    permission_classes = [IsAuthenticated, AdministratorsOnly]

    @extend_schema(responses=StatusSerializer, operation_id="status_retrieve")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How the site is doing: queue, workers, failures, sizes, versions, last backup and last checks.

        For administrators. It holds ids, codes and counts, and nothing of any patient.
        """
        return Response(StatusSerializer(site_status()).data)
