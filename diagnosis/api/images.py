"""/images/"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.api.errors import Conflict
from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from clinic.services import audit
from clinic.services.records import RecordRestricted
from diagnosis.api.files import AnyAccept, png, sends_png
from diagnosis.models import Analysis, SlideImage, WithdrawalReason
from diagnosis.selectors.images import with_analyses
from diagnosis.selectors.pictures import digests
from diagnosis.services.openings import open_image
from diagnosis.services.withdrawing import restore_image, withdraw_image


class AnalysisLinkSerializer(serializers.ModelSerializer[Analysis]):
    url = serializers.HyperlinkedIdentityField(view_name="api:analysis-detail")

    class Meta:
        model = Analysis
        fields = ["id", "url", "state"]


class ImageFilesSerializer(serializers.Serializer[object]):
    """Addresses of an image as PNG; null until they are drawn. The overlays are those of the prediction that leads."""

    display = serializers.URLField(allow_null=True)
    thumbnail = serializers.URLField(allow_null=True)
    mask = serializers.URLField(allow_null=True)
    outline = serializers.URLField(allow_null=True)
    map = serializers.URLField(allow_null=True)


class ImageSerializer(serializers.ModelSerializer[SlideImage]):
    url = serializers.HyperlinkedIdentityField(view_name="api:image-detail")
    case_url = serializers.HyperlinkedRelatedField[Any](source="case", view_name="api:case-detail", read_only=True)
    withdrawal_reason = serializers.ChoiceField(
        choices=WithdrawalReason.choices, read_only=True, allow_blank=True, help_text="Empty: it is not withdrawn."
    )
    analyses = AnalysisLinkSerializer(many=True, help_text="Newest first.")
    files = serializers.SerializerMethodField()

    class Meta:
        model = SlideImage
        fields = [
            "id",
            "url",
            "case",
            "case_url",
            "uploaded_name",
            "sha256",
            "size_bytes",
            "file_format",
            "width",
            "height",
            "micrometres_per_pixel",
            "created_at",
            "withdrawn_at",
            "withdrawal_reason",
            "analyses",
            "files",
        ]

    @extend_schema_field(ImageFilesSerializer)
    def get_files(self, image: SlideImage) -> dict[str, str | None]:
        request = self.context["request"]
        return {
            kind: reverse("api:image-file", kwargs={"pk": image.pk, "kind": kind}, request=request) if digest else None
            for kind, digest in digests(image).items()
        }


class WithdrawalSerializer(KnownFields):
    """Why an image is taken out of its case."""

    reason = serializers.ChoiceField(choices=WithdrawalReason.choices)


class ImageFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    case = filters.UUIDFilter(help_text="Only this case's.")


class ImageViewSet(ClinicalResource[SlideImage]):
    """Images of a case."""

    without_body = ("restore",)
    queryset = SlideImage.objects.none()
    narrowed_actions = ("list", "retrieve", "withdraw", "restore")
    serializer_class = ImageSerializer
    filterset_class = ImageFilter
    singular, plural = "image", "images"

    def get_queryset(self) -> QuerySet[SlideImage]:
        images = SlideImage.objects.visible_to(self.request.user).select_related("case")
        return with_analyses(images, person=self.person)

    def patient_of(self, item: SlideImage) -> UUID:
        return item.case.patient_id

    @extend_schema(request=WithdrawalSerializer, responses=ImageSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the image out of its case: it stays in the record and counts for nothing."""
        image = self.get_object()
        serializer = WithdrawalSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        reason = WithdrawalReason(serializer.validated_data["reason"])
        return self._changed(lambda: withdraw_image(image=image, withdrawn_by=self.person, reason=reason))

    @extend_schema(request=None, responses=ImageSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put a withdrawn image back."""
        image = self.get_object()
        return self._changed(lambda: restore_image(image=image, restored_by=self.person))

    def _changed(self, change: Callable[[], SlideImage]) -> Response:
        try:
            change()
        except RecordRestricted:
            raise
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
        return self.answer_with(self.get_object())


class ImageFileViewSet(ImageViewSet):
    """An image's pictures."""

    content_negotiation_class = AnyAccept

    @sends_png
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """One of them, as PNG: display, thumbnail, or the newest prediction's mask, outline or map."""
        image = self.get_object()
        kind: str = kwargs["kind"]
        available = digests(image)
        if kind not in available:
            raise Http404
        response = png(available[kind])
        if kind == "display":
            open_image(image=image, reader=self.person, file=kind)  # from now on this person may read it
            return response
        audit.record(
            actor=self.person, action="image.viewed", subject=image, patient_id=self.patient_of(image), file=kind
        )
        return response
