"""/evaluations/: models, measured on the site's own locked test sets by workers."""

from typing import Any

from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import Unavailable
from clinic.api.permissions import AdministratorsChange
from clinic.api.resources import Resource
from clinic.api.serializers import KnownFields
from diagnosis.api.analyses import POLL_SECONDS, poll_hint
from diagnosis.api.files import AnyAccept
from diagnosis.api.model_entries import DeciderSerializer, KnownModel
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.delivery import report_of
from diagnosis.models import EvaluationState, ModelEvaluation, ModelVersion
from diagnosis.services import file_store
from diagnosis.services.evaluations import start_evaluation


class EvaluationSerializer(serializers.ModelSerializer[ModelEvaluation]):
    url = serializers.HyperlinkedIdentityField(view_name="api:evaluation-detail")
    report_url = serializers.HyperlinkedIdentityField(
        view_name="api:evaluation-report", help_text="The report as one HTML page, once it is there."
    )
    model_url = serializers.HyperlinkedRelatedField[Any](source="model", view_name="api:model-detail", read_only=True)
    test_set_name = serializers.CharField(source="test_set.name")
    started_by = DeciderSerializer(allow_null=True, help_text="null: a command on the server.")
    metrics = serializers.DictField(
        allow_null=True, help_text="As `metrics.json` of `python -m mlcore evaluate`; null until it is done."
    )
    engines_difference = serializers.FloatField(
        allow_null=True, help_text="The largest difference between the serving engine's answers and the reference's."
    )

    class Meta:
        model = ModelEvaluation
        fields = [
            "id",
            "url",
            "model",
            "model_url",
            "test_set",
            "test_set_name",
            "state",
            "done",
            "total",
            "metrics",
            "engines_difference",
            "report_url",
            "failure_message",
            "started_by",
            "created_at",
            "finished_at",
        ]


class NewEvaluationSerializer(KnownFields):
    model = KnownModel(queryset=ModelVersion.objects.all(), pk_field=serializers.UUIDField())


class EvaluationFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    model = filters.UUIDFilter(help_text="Only of this model.")
    test_set = filters.UUIDFilter(help_text="Only on this test set.")
    state = filters.ChoiceFilter(choices=EvaluationState.choices, help_text="Only in this state.")


class EvaluationViewSet(Resource[ModelEvaluation]):
    """Evaluations. They hold no patient's data."""

    queryset = ModelEvaluation.objects.select_related("test_set", "started_by")
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilter
    permission_classes = [IsAuthenticated, AdministratorsChange]

    @extend_schema(request=NewEvaluationSerializer, responses={202: EvaluationSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have a model measured on its assay's current test set. The same again is the same evaluation."""
        body = NewEvaluationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with refusals_as_conflicts():
            evaluation = start_evaluation(model=body.validated_data["model"], started_by=self.person)
        return self.answer_with(evaluation, status.HTTP_202_ACCEPTED)

    @extend_schema(parameters=[poll_hint])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One evaluation, to look again until it is `succeeded` or `failed`."""
        evaluation = self.get_object()
        headers = {"Retry-After": str(POLL_SECONDS)} if evaluation.is_pending else None
        return Response(self.represent([evaluation])[0], headers=headers)


class EvaluationReport(EvaluationViewSet):
    """An evaluation's report."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, "text/html"): OpenApiTypes.STR}, filters=False, operation_id="evaluations_report_retrieve"
    )
    def send(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """The report with its curves, as one page to save and to print. 404 until it is there."""
        evaluation = self.get_object()
        if not evaluation.report_sha256:
            raise Http404
        try:
            return report_of(evaluation)
        except file_store.DamagedFile:
            sentence = "The stored file is missing or damaged. Please tell whoever runs this server."
            raise Unavailable(sentence, code="damaged_file") from None
