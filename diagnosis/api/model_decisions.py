"""/models/<id>/decisions/ and /models/<id>/changes/: what administrators decide about a model, and what was decided."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.permissions import AdministratorsChange
from clinic.api.resources import Resource
from diagnosis.api.model_entries import DeciderSerializer, ReasonSerializer
from diagnosis.api.models import ModelSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.models import ModelChange, ModelVersion
from diagnosis.services.model_states import lock_assay
from diagnosis.views.model_decisions import DECISIONS

# To propose a model for activation makes a thing of its own: see proposals.
BY_ONE = {one.kind: one for one in DECISIONS if one.kind != "propose"}


class DecisionSerializer(ReasonSerializer):
    decision = serializers.ChoiceField(
        choices=[(kind, str(one.title)) for kind, one in BY_ONE.items()], help_text="What is decided."
    )


class ModelChangeSerializer(serializers.ModelSerializer[ModelChange]):
    model_url = serializers.HyperlinkedRelatedField[Any](source="model", view_name="api:model-detail", read_only=True)
    made_by = DeciderSerializer(allow_null=True, help_text="null: a command on the server.")
    consented_by = DeciderSerializer(allow_null=True, help_text="The second administrator, where it takes two.")
    other = serializers.UUIDField(
        source="other_id", allow_null=True, help_text="The model that it replaced, or that took its place."
    )

    class Meta:
        model = ModelChange
        fields = [
            "id",
            "model",
            "model_url",
            "kind",
            "why",
            "reason",
            "other",
            "made_by",
            "consented_by",
            "created_at",
        ]


class ModelDecisions(Resource[ModelVersion]):
    """Decisions about one model."""

    queryset = ModelVersion.objects.all()
    serializer_class = ModelSerializer
    permission_classes = [IsAuthenticated, AdministratorsChange]

    def hold(self, item: ModelVersion) -> None:
        lock_assay(item.assay)

    @extend_schema(
        request=DecisionSerializer, responses=ModelSerializer, filters=False, operation_id="models_decisions_create"
    )
    def decide(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a decision that one administrator takes alone, with the reason. The answer is the model as it is then.

        409 when it does not fit the model's state. To activate a model takes two: see `proposals`.
        """
        model = self.get_object()
        body = DecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        entries = dict(body.validated_data)
        with refusals_as_conflicts():
            BY_ONE[entries.pop("decision")].carry_out(model=model, person=self.person, **entries)
        return self.answer_with(self.get_object())


class ModelChanges(Resource[ModelChange]):
    """What was decided about one model."""

    queryset = ModelChange.objects.none()
    serializer_class = ModelChangeSerializer
    permission_classes = [IsAuthenticated, AdministratorsChange]

    def get_queryset(self) -> QuerySet[ModelChange]:
        return ModelChange.objects.select_related("made_by", "consented_by").filter(model=self.kwargs["pk"])

    @extend_schema(operation_id="models_changes_list")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who decided what about the model, when and why."""
        get_object_or_404(ModelVersion, pk=kwargs["pk"])
        return super().list(request, *args, **kwargs)
