"""/reading-requests/: second readings that are asked of a colleague, and adjudications."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.care_team import ActiveDoctor
from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from clinic.models import User
from diagnosis.api.readings import VisibleImage
from diagnosis.api.record_entries import ColleagueSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.models import ReadingRequest, RequestKind, RequestState
from diagnosis.services import reading_requests

LONGEST_REASON = ReadingRequest._meta.get_field("decline_reason").max_length  # noqa: SLF001  Django's public name


class AskedReadingSerializer(serializers.ModelSerializer[ReadingRequest]):
    url = serializers.HyperlinkedIdentityField(view_name="api:reading-request-detail")
    image_url = serializers.HyperlinkedRelatedField[Any](source="image", view_name="api:image-detail", read_only=True)
    case = serializers.UUIDField(source="image.case_id")
    asked_of = ColleagueSerializer(allow_null=True, help_text="null: whoever of the care team has not read the image.")
    asked_by = ColleagueSerializer(allow_null=True)
    decline_reason = serializers.SerializerMethodField(help_text="For whoever asked and whoever was asked.")

    class Meta:
        model = ReadingRequest
        fields = [
            "id",
            "url",
            "image",
            "image_url",
            "case",
            "kind",
            "state",
            "asked_of",
            "asked_by",
            "decline_reason",
            "created_at",
            "closed_at",
        ]

    def get_decline_reason(self, request: ReadingRequest) -> str:
        """Words of a colleague may tell of the image: others may still have to read it blinded."""
        person: User = self.context["request"].user
        return request.decline_reason if person.pk in {request.asked_by_id, request.asked_of_id} else ""


class NewAskedReadingSerializer(KnownFields):
    image = VisibleImage(pk_field=serializers.UUIDField())
    doctor = ActiveDoctor(pk_field=serializers.UUIDField(), help_text="A colleague of the care team.")


class NamedSerializer(KnownFields):
    doctor = ActiveDoctor(pk_field=serializers.UUIDField(), help_text="A colleague of the care team.")


class DeclineSerializer(KnownFields):
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="A sentence for whoever asked.")


class ReadingRequestFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    case = filters.UUIDFilter(field_name="image__case", help_text="Only of this case's images.")
    image = filters.UUIDFilter(help_text="Only of this image.")
    asked_of = filters.UUIDFilter(help_text="Only asked of this doctor by name.")
    kind = filters.ChoiceFilter(choices=RequestKind.choices, help_text="Only of this kind.")
    state = filters.ChoiceFilter(choices=RequestState.choices, help_text="Only in this state.")


class ReadingRequestViewSet(ClinicalResource[ReadingRequest]):
    """What is asked of readers. An adjudication opens by itself where readings differ."""

    without_body = ("withdraw", "take", "hand_back")
    queryset = ReadingRequest.objects.none()
    serializer_class = AskedReadingSerializer
    filterset_class = ReadingRequestFilter
    singular, plural = "reading_request", "reading_requests"
    narrowed_actions = (
        "list",
        "retrieve",
        "create",
        "withdraw",
        "decline",
        "take",
        "name_adjudicator",
        "hand_back",
    )

    def get_queryset(self) -> QuerySet[ReadingRequest]:
        visible = ReadingRequest.objects.visible_to(self.request.user)
        return visible.select_related("image__case__patient", "asked_of", "asked_by")

    def patient_of(self, item: ReadingRequest) -> UUID:
        return item.image.case.patient_id

    @extend_schema(request=NewAskedReadingSerializer, responses={201: AskedReadingSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask a colleague to read an image too, blinded. The same again is the same request."""
        body = NewAskedReadingSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        image, doctor = body.validated_data["image"], body.validated_data["doctor"]
        with refusals_as_conflicts():
            asked = reading_requests.ask_second_reader(image=image, asked_of=doctor, asked_by=self.person)
        return self.answer_with(asked, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=AskedReadingSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a request for a second reading back."""
        return self._act(lambda asked: reading_requests.withdraw_request(request=asked, withdrawn_by=self.person))

    @extend_schema(request=DeclineSerializer, responses=AskedReadingSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say no to a request for a second reading, and why."""
        reason = self._entries(DeclineSerializer)["reason"]
        return self._act(
            lambda asked: reading_requests.decline_request(request=asked, declined_by=self.person, reason=reason)
        )

    @extend_schema(request=None, responses=AskedReadingSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take an adjudication on."""
        return self._act(lambda asked: reading_requests.take_adjudication(request=asked, taken_by=self.person))

    @extend_schema(request=NamedSerializer, responses=AskedReadingSerializer)
    @action(detail=True, methods=["post"], url_path="name", url_name="name")
    def name_adjudicator(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask a colleague by name to adjudicate."""
        doctor = self._entries(NamedSerializer)["doctor"]
        return self._act(
            lambda asked: reading_requests.name_adjudicator(request=asked, named=doctor, named_by=self.person)
        )

    @extend_schema(request=None, responses=AskedReadingSerializer)
    @action(detail=True, methods=["post"], url_path="hand-back")
    def hand_back(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Leave an adjudication to whoever takes it next."""
        return self._act(
            lambda asked: reading_requests.hand_back_adjudication(request=asked, handed_back_by=self.person)
        )

    def _entries(self, kind: type[KnownFields]) -> dict[str, Any]:
        self.get_object()  # what is wrong with the body is told to nobody who may not know of the request
        body = kind(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def _act(self, act: Callable[[ReadingRequest], ReadingRequest]) -> Response:
        asked = self.get_object()
        with refusals_as_conflicts():
            act(asked)
        return self.answer_with(self.get_object())
