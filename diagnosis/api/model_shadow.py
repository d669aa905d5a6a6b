"""/models/<id>/shadow/: how a model in the shadow does beside the active one."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Resource
from diagnosis.models import ModelVersion, ShadowState, Verdict
from diagnosis.selectors.models import active_model
from diagnosis.selectors.shadow_comparison import Comparison, compare

RESULT = "A class, or `out_of_scope`."


class BothSaidSerializer(serializers.Serializer[object]):
    """On so many images the active model said one thing, and the one in the shadow the other."""

    active = serializers.CharField()
    shadow = serializers.CharField()
    count = serializers.IntegerField()


class AgainstReadingsSerializer(serializers.Serializer[object]):
    """The share each has right where a signed reading says so, and how much more the one in the shadow has (95 %)."""

    images = serializers.IntegerField()
    patients = serializers.IntegerField()
    active = serializers.FloatField()
    shadow = serializers.FloatField()
    difference = serializers.FloatField()
    low = serializers.FloatField(allow_null=True, help_text="null: too few patients to say.")
    high = serializers.FloatField(allow_null=True)


class ComparisonSerializer(serializers.Serializer[object]):
    images = serializers.IntegerField(help_text="Live images that both have read.")
    agreeing = serializers.IntegerField()
    agreement = serializers.FloatField()
    by_result = BothSaidSerializer(many=True, help_text=RESULT)
    changed_verdicts = BothSaidSerializer(many=True, help_text="Verdicts that differ.")
    readings = AgainstReadingsSerializer(allow_null=True)


class ShadowSerializer(serializers.Serializer[object]):
    model = serializers.UUIDField()
    active = serializers.UUIDField(allow_null=True, help_text="The active model it is compared with.")
    waiting = serializers.IntegerField(help_text="Images that it has still to read.")
    failed = serializers.IntegerField()
    comparison = ComparisonSerializer(allow_null=True, help_text="null: no image that both have read.")


class ModelShadow(Resource[ModelVersion]):
    """A model in the shadow beside the active one: numbers alone, never an image."""

    queryset = ModelVersion.objects.all()
    permission_classes = [IsAuthenticated, AdministratorsOnly]

    @extend_schema(responses=ShadowSerializer, filters=False, operation_id="models_shadow_retrieve")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Agreement, changed verdicts, counts by class, and the difference against signed readings."""
        model = self.get_object()
        active = active_model(model.assay)
        comparison = compare(shadow=model, active=active) if active and active != model else None
        seen = {
            "model": model.pk,
            "active": active.pk if active else None,
            "waiting": model.shadow_analyses.filter(state=ShadowState.QUEUED).count(),
            "failed": model.shadow_analyses.filter(state=ShadowState.FAILED).count(),
            "comparison": _told(comparison) if comparison else None,
        }
        return Response(ShadowSerializer(seen).data)


def _told(comparison: Comparison) -> dict[str, Any]:
    counted = [(*pair, count) for pair, count in sorted(comparison.by_result.items())]
    return {
        "images": comparison.images,
        "agreeing": comparison.agreeing,
        "agreement": comparison.agreement,
        "by_result": [_both(*one) for one in counted],
        "changed_verdicts": [_both(Verdict(one), Verdict(two), n) for one, two, n in comparison.changed_verdicts],
        "readings": comparison.readings,
    }


def _both(active: str, shadow: str, count: int) -> dict[str, Any]:
    return {"active": str(active), "shadow": str(shadow), "count": count}
