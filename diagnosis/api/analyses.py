"""/analyses/: how far the work on an image is."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import Conflict
from clinic.api.resources import Resource
from clinic.services import audit, records
from clinic.services.records import RecordRestricted
from diagnosis.api import until_done
from diagnosis.models import Analysis, AnalysisState, Prediction
from diagnosis.models.withholding import withheld_from
from diagnosis.selectors.waiting import MOST_COUNTED, InQueue, queue_places
from diagnosis.services import analysis_queue

POLL_SECONDS = 2

poll_hint = OpenApiParameter(
    "Retry-After", int, OpenApiParameter.HEADER, response=[200], description="While pending: seconds to the next look."
)

wait_wish = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description=f"`wait=` and for how many seconds to hold the answer back while it is pending, at most "
    f"{until_done.LONGEST} (RFC 7240). A wish: where many wait, the answer comes at once.",
)
wait_granted = OpenApiParameter(
    "Preference-Applied", str, OpenApiParameter.HEADER, response=[200], description="How long was waited at most."
)


class FailureSerializer(serializers.Serializer[object]):
    code = serializers.CharField()
    detail = serializers.CharField()


MODEL_STOPPED = {
    "code": "model_stopped",
    "detail": "The model is stopped by an administrator. The image is analysed as soon as the stop is lifted.",
}


class AnalysisSerializer(serializers.ModelSerializer[Analysis]):
    url = serializers.HyperlinkedIdentityField(view_name="api:analysis-detail")
    image_url = serializers.HyperlinkedRelatedField[Any](source="image", view_name="api:image-detail", read_only=True)
    case = serializers.UUIDField(source="image.case_id")
    model = serializers.UUIDField(source="model_version_id")
    model_url = serializers.HyperlinkedRelatedField[Any](
        source="model_version", view_name="api:model-detail", read_only=True
    )
    queue_position = serializers.SerializerMethodField(
        help_text=f"1: next. {MOST_COUNTED + 1}: more than {MOST_COUNTED} are before it. null: not waiting."
    )
    expected_wait = serializers.SerializerMethodField(
        help_text="In about how many seconds the result is expected, by what the workers finished lately; at least "
        f"that long at place {MOST_COUNTED + 1}. null: not waiting, or not known."
    )
    paused = serializers.SerializerMethodField(help_text="Why it waits although it is its turn. null: it does not.")
    failure = serializers.SerializerMethodField()
    withheld = serializers.BooleanField(
        help_text="True: the prediction is withheld from you until your own reading of the image is recorded."
    )
    leads = serializers.BooleanField(help_text="Whether it stands for its image: the newest with a result does.")
    prediction = serializers.PrimaryKeyRelatedField[Any](read_only=True, allow_null=True, default=None)
    prediction_url = serializers.HyperlinkedRelatedField[Any](
        source="prediction", view_name="api:prediction-detail", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Analysis
        fields = [
            "id",
            "url",
            "state",
            "queue_position",
            "expected_wait",
            "paused",
            "attempts",
            "failure",
            "can_be_retried",
            "image",
            "image_url",
            "case",
            "model",
            "model_url",
            "leads",
            "reanalysis",
            "withheld",
            "prediction",
            "prediction_url",
            "created_at",
            "queued_at",
            "started_at",
            "finished_at",
        ]

    def get_queue_position(self, analysis: Analysis) -> int | None:
        place = self._place_of(analysis)
        return place.position if place else None

    def get_expected_wait(self, analysis: Analysis) -> int | None:
        place = self._place_of(analysis)
        return place.seconds if place else None

    def _place_of(self, analysis: Analysis) -> InQueue | None:
        places: dict[UUID, InQueue] = self.context["queue_places"]
        return places.get(analysis.pk)

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_paused(self, analysis: Analysis) -> dict[str, str] | None:
        waits = analysis.state == AnalysisState.QUEUED and analysis.model_version.stopped_at
        return MODEL_STOPPED if waits else None

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, analysis: Analysis) -> dict[str, str] | None:
        if not analysis.failure_code:
            return None
        return {"code": analysis.failure_code, "detail": analysis.failure_message}


class AnalysisFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    case = filters.UUIDFilter(field_name="image__case", help_text="Only of this case's images.")
    image = filters.UUIDFilter(help_text="Only of this image.")
    state = filters.ChoiceFilter(choices=AnalysisState.choices, help_text="Only in this state.")


class AnalysisViewSet(Resource[Analysis]):
    """Analyses: one image, examined by one model. Looking how far they are is a look at the case they belong to."""

    without_body = ("retry",)
    queryset = Analysis.objects.none()
    narrowed_actions = ("list", "retrieve", "retry")
    serializer_class = AnalysisSerializer
    filterset_class = AnalysisFilter

    def get_queryset(self) -> QuerySet[Analysis]:
        visible = Analysis.objects.visible_to(self.request.user)
        withheld = ExpressionWrapper(withheld_from(self.request.user, image="image"), output_field=BooleanField())
        shown = Prefetch("prediction", queryset=Prediction.objects.shown_to(self.request.user))
        return (
            visible.with_leads()
            .annotate(withheld=withheld)
            .select_related("image__case", "model_version")
            .prefetch_related(shown)
        )

    def hold(self, item: Analysis) -> None:
        records.hold(patient_id=item.image.case.patient_id)

    def note_list(self, page: Sequence[Analysis]) -> None:
        """Programs ask again and again until the work is done, so that one row a case has to do for a while."""
        cases = {one.image.case_id: one.image.case for one in page}
        audit.record_looks(
            actor=self.person,
            acts=[audit.Act(action="case.viewed", subject=case, patient_id=case.patient_id) for case in cases.values()],
        )

    def context_for(self, items: Sequence[Analysis]) -> dict[str, Any]:
        """With the places in the queue of those that wait."""
        waiting = [one for one in items if one.state == AnalysisState.QUEUED]
        return super().context_for(items) | {"queue_places": queue_places(waiting)}

    @extend_schema(parameters=[poll_hint, wait_wish, wait_granted])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One analysis, to look again until it is no longer pending. With `Prefer: wait=3` the answer comes as soon as
        it is, at the latest after three seconds."""
        analysis, headers = self.get_object(), {}
        seconds = until_done.seconds_asked(request) if analysis.is_pending else 0
        if seconds and until_done.wait_for_end(analysis.pk, seconds=seconds):
            analysis, headers = self.get_object(), {"Preference-Applied": f"wait={seconds}"}
        self.note_list([analysis])
        if analysis.is_pending:
            headers |= {"Retry-After": str(POLL_SECONDS)}
        return Response(self.shown(analysis), headers=headers)

    @extend_schema(request=None, responses={202: AnalysisSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Queue a failed analysis again."""
        analysis = self.get_object()
        try:
            analysis_queue.retry(analysis=analysis, retried_by=self.person)
        except RecordRestricted:
            raise
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
        return self.answer_with(self.get_object(), status.HTTP_202_ACCEPTED)
