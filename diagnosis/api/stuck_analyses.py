"""/status/analyses/: retrying and cancelling analyses, one or all that fit, by administrators who see ids and codes."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Endpoint
from clinic.api.serializers import KnownFields
from clinic.models import User
from diagnosis.api.model_entries import KnownModel
from diagnosis.models import AnalysisState, ModelVersion
from diagnosis.selectors.stuck_analyses import STATES, Wanted
from diagnosis.services.queue_administration import cancel_all, retry_all

ACTIONS = {"retry": "Queue them again", "cancel": "Cancel them"}


class StuckAnalysesSerializer(KnownFields):
    """What is to be done, and with which: all that is given must fit. Without `analysis` it may be thousands."""

    action = serializers.ChoiceField(choices=list(ACTIONS.items()))
    state = serializers.ChoiceField(
        choices=[(one.value, str(one.label)) for one in STATES],
        help_text="`queued` ones are cancelled; those that failed or were set aside are queued again.",
    )
    code = serializers.CharField(
        required=False, default="", max_length=50, help_text="Only those that failed for this reason."
    )
    model = KnownModel(
        queryset=ModelVersion.objects.all(), pk_field=serializers.UUIDField(), required=False, default=None
    )
    analysis = serializers.UUIDField(required=False, default=None, help_text="Only this one.")

    def wanted(self) -> Wanted:
        """The filter that was asked for."""
        entries = self.validated_data
        model = entries["model"]
        return Wanted(
            state=AnalysisState(entries["state"]),
            code=entries["code"],
            model=model.pk if model else None,
            analysis=entries["analysis"],
        )


class ChangedSerializer(serializers.Serializer[object]):
    changed = serializers.IntegerField(help_text="At most 10000 at once: ask again until it is 0.")


class StuckAnalyses(Endpoint):
    """Analyses that wait, or that ended without a result."""

    permission_classes = [IsAuthenticated, AdministratorsOnly]

    @extend_schema(request=StuckAnalysesSerializer, responses=ChangedSerializer, operation_id="status_analyses_change")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Retry or cancel. What a worker has taken meanwhile, and what is of a restricted record, stays as it is."""
        assert isinstance(request.user, User)  # noqa: S101  the permissions let no one else through
        body = StuckAnalysesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if body.validated_data["action"] == "retry":
            count = retry_all(wanted=body.wanted(), retried_by=request.user)
        else:
            count = cancel_all(wanted=body.wanted(), cancelled_by=request.user)
        return Response(ChangedSerializer({"changed": count}).data)
