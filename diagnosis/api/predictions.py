"""/predictions/: what a model said about an image."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.reverse import reverse

from clinic.api.resources import ClinicalResource
from clinic.services import audit
from diagnosis.api.files import AnyAccept, png, sends_png
from diagnosis.models import ModelVersion, Prediction
from diagnosis.selectors.pictures import OVERLAYS

NOTICE = "AI suggestion, not a diagnosis."


class PredictingModelSerializer(serializers.ModelSerializer[ModelVersion]):
    url = serializers.HyperlinkedIdentityField(view_name="api:model-detail")

    class Meta:
        model = ModelVersion
        fields = ["id", "url", "name", "version", "sha256"]


class PredictionFilesSerializer(serializers.Serializer[object]):
    mask = serializers.URLField()
    outline = serializers.URLField()
    map = serializers.URLField(allow_null=True, help_text="None when the network has no activation map.")


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    url = serializers.HyperlinkedIdentityField(view_name="api:prediction-detail")
    notice = serializers.SerializerMethodField()
    analysis_url = serializers.HyperlinkedRelatedField[Any](
        source="analysis", view_name="api:analysis-detail", read_only=True
    )
    image = serializers.UUIDField(source="analysis.image_id")
    image_url = serializers.HyperlinkedRelatedField[Any](
        source="analysis.image", view_name="api:image-detail", read_only=True
    )
    case = serializers.UUIDField(source="analysis.image.case_id")
    patient = serializers.UUIDField(source="analysis.image.case.patient_id")
    assay = serializers.CharField(source="analysis.image.case.assay")
    probabilities = serializers.DictField(child=serializers.FloatField(), help_text="By class; they sum to 1.")
    model = PredictingModelSerializer(source="analysis.model_version")
    leads = serializers.BooleanField(help_text="Whether it stands for its image: the newest result does.")
    files = serializers.SerializerMethodField()

    class Meta:
        model = Prediction
        fields = [
            "id",
            "url",
            "notice",
            "verdict",
            "label",
            "malignant_probability",
            "confidence",
            "probabilities",
            "prediction_set",
            "in_scope_score",
            "mask_area_fraction",
            "contour_count",
            "model",
            "files",
            "analysis",
            "analysis_url",
            "leads",
            "image",
            "image_url",
            "case",
            "patient",
            "assay",
            "created_at",
        ]

    def get_notice(self, _: Prediction) -> str:
        return NOTICE

    @extend_schema_field(PredictionFilesSerializer)
    def get_files(self, prediction: Prediction) -> dict[str, str | None]:
        request = self.context["request"]
        return {
            kind: reverse("api:prediction-file", kwargs={"pk": prediction.pk, "kind": kind}, request=request)
            if getattr(prediction, digest)
            else None
            for kind, digest in OVERLAYS.items()
        }


class PredictionFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    case = filters.UUIDFilter(field_name="analysis__image__case", help_text="Only of this case's images.")
    patient = filters.UUIDFilter(field_name="analysis__image__case__patient", help_text="Only this patient's.")


class PredictionViewSet(ClinicalResource[Prediction]):
    """Predictions. The model suggests; the doctor decides."""

    queryset = Prediction.objects.none()
    narrowed_actions = ("list", "retrieve")
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter
    singular, plural = "prediction", "predictions"

    def get_queryset(self) -> QuerySet[Prediction]:
        visible = Prediction.objects.shown_to(self.request.user).with_leads()
        return visible.select_related("analysis__image__case", "analysis__model_version")

    def patient_of(self, item: Prediction) -> UUID:
        return item.analysis.image.case.patient_id


class PredictionFileViewSet(PredictionViewSet):
    """A prediction's pictures."""

    content_negotiation_class = AnyAccept

    @sends_png
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """One of them, as PNG: mask, outline or map."""
        prediction = self.get_object()
        kind: str = kwargs["kind"]
        if kind not in OVERLAYS:
            raise Http404
        sha256: str = getattr(prediction, OVERLAYS[kind])
        if not sha256:
            raise NotFound("This model's networks have no activation map.", code="no_map")
        response = png(sha256)
        audit.record(
            actor=self.person,
            action="prediction.viewed",
            subject=prediction,
            patient_id=self.patient_of(prediction),
            file=kind,
        )
        return response
