"""/readings/: what doctors say about images."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import Conflict
from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from diagnosis.models import Answer, Reading, Reason, SlideImage
from diagnosis.models.reading import LONGEST_COMMENT
from diagnosis.services.reading_checks import ReadingEntries
from diagnosis.services.readings import StaleReading, record_reading


class VisibleImage(serializers.PrimaryKeyRelatedField[SlideImage]):
    """An image by id. One of somebody else's patient does not exist."""

    default_error_messages = {"does_not_exist": "There is no such image."}

    def get_queryset(self) -> QuerySet[SlideImage]:
        return SlideImage.objects.visible_to(self.context["request"].user).select_related("case__patient")


class ReadingSerializer(KnownFields, serializers.ModelSerializer[Reading]):
    url = serializers.HyperlinkedIdentityField(view_name="api:reading-detail")
    image = VisibleImage(pk_field=serializers.UUIDField())
    image_url = serializers.HyperlinkedRelatedField[Any](source="image", view_name="api:image-detail", read_only=True)
    reader = serializers.UUIDField(source="reader_id", read_only=True)
    answer = serializers.ChoiceField(choices=Answer.choices)
    reason = serializers.ChoiceField(required=False, default="", allow_blank=True, choices=Reason.choices)
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_COMMENT)
    change_reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
    prediction = serializers.UUIDField(
        source="prediction_id",
        required=False,
        allow_null=True,
        default=None,
        help_text="The prediction that the reader was shown; null when none was.",
    )
    replaces = serializers.UUIDField(
        source="replaces_id",
        required=False,
        allow_null=True,
        default=None,
        help_text="The reader's own reading that this one takes the place of.",
    )
    is_current = serializers.SerializerMethodField(help_text="False: a later one of the reader replaced it.")

    class Meta:
        model = Reading
        fields = [
            "id",
            "url",
            "image",
            "image_url",
            "reader",
            "role",
            "answer",
            "label",
            "reason",
            "comment",
            "prediction",
            "was_blinded",
            "replaces",
            "change_reason",
            "is_current",
            "opened_at",
            "created_at",
        ]
        read_only_fields = ["role", "was_blinded", "opened_at", "created_at"]

    def get_is_current(self, reading: Reading) -> bool:
        return not hasattr(reading, "replaced_by")


class ReadingFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    image = filters.UUIDFilter(help_text="Only of this image.")
    case = filters.UUIDFilter(field_name="image__case", help_text="Only of this case's images.")


class ReadingViewSet(ClinicalResource[Reading]):
    """Readings. Colleagues' are withheld together with the prediction, until one's own is recorded."""

    queryset = Reading.objects.none()
    narrowed_actions = ("list", "retrieve", "create")
    serializer_class = ReadingSerializer
    filterset_class = ReadingFilter
    singular, plural = "reading", "readings"

    def get_queryset(self) -> QuerySet[Reading]:
        return Reading.objects.shown_to(self.request.user).select_related("image__case", "replaced_by")

    def patient_of(self, item: Reading) -> UUID:
        return item.image.case.patient_id

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record what the person says. The same again returns what is stored.

        The image must have been opened: on its page, or by getting its `display` file. 409 when `prediction` or
        `replaces` is not what stands now.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            reading = self._record(**serializer.validated_data)
        except StaleReading as error:
            raise Conflict(error.messages[0], code="stale") from None
        return self.answer_with(self.get_queryset().get(pk=reading.pk), status.HTTP_201_CREATED)

    def _record(
        self, *, image: SlideImage, prediction_id: UUID | None, replaces_id: UUID | None, **entries: Any
    ) -> Reading:
        return record_reading(
            image=image,
            reader=self.person,
            entries=ReadingEntries(**entries),
            based_on=replaces_id,
            shown=prediction_id,
        )
