"""/test-sets/: the site's own images whose class is known, for administrators."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import TooLarge
from clinic.api.parsers import FilesParser
from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Resource
from clinic.api.serializers import KnownFields
from diagnosis.api.model_entries import DeciderSerializer
from diagnosis.models import TestSet
from diagnosis.models.case import assay_choices
from diagnosis.services import test_sources
from diagnosis.services.test_sets import lock_test_set
from diagnosis.services.test_sources import InvalidTestSet
from diagnosis.upload_handler import ZipUploadHandler
from diagnosis.views.test_sets import zip_too_large


class TestSetSerializer(serializers.ModelSerializer[TestSet]):
    __test__ = False  # its name looks like a test's

    url = serializers.HyperlinkedIdentityField(view_name="api:test-set-detail")
    images_by_class = serializers.DictField(child=serializers.IntegerField())
    locked_by = DeciderSerializer(allow_null=True, help_text="null: a command on the server.")

    class Meta:
        model = TestSet
        fields = [
            "id",
            "url",
            "assay",
            "name",
            "images_by_class",
            "groups",
            "manifest_sha256",
            "locked_by",
            "locked_at",
            "created_at",
        ]


class NewTestSetSerializer(KnownFields):
    assay = serializers.ChoiceField(choices=assay_choices())
    name = serializers.CharField(max_length=100, help_text="What people know it by. Name no patient.")
    images = serializers.FileField(
        help_text="A zip with a folder for each class, and perhaps `groups.csv` with the columns `file` and `patient`."
    )


class TestSetFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    __test__ = False

    assay = filters.ChoiceFilter(choices=assay_choices, help_text="Only of this assay.")


class TestSetViewSet(Resource[TestSet]):
    """Locked test sets, newest first: the first of an assay is its current one. They never change."""

    __test__ = False

    queryset = TestSet.objects.filter(locked_at__isnull=False).select_related("locked_by")
    serializer_class = TestSetSerializer
    filterset_class = TestSetFilter
    permission_classes = [IsAuthenticated, AdministratorsOnly]
    parser_classes = [FilesParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if request.method == "POST":
            request.upload_handlers = [ZipUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(request=NewTestSetSerializer, responses={200: TestSetSerializer, 201: TestSetSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Lock a zip of images as the assay's current test set: 201. The same images again are the same set: 200.

        All of it is checked first, and the sentence names the file that is wrong; then nothing is stored.
        """
        body = NewTestSetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        test_set, is_new = self._lock(**body.validated_data)
        response = self.answer_with(test_set, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)
        response.headers["Location"] = response.data["url"]
        return response

    def _lock(self, *, assay: str, name: str, images: Any) -> tuple[TestSet, bool]:
        if images.size > settings.UPLOAD_MAX_REQUEST_BYTES:
            raise TooLarge(zip_too_large())
        try:
            with test_sources.zipped(images) as source:
                return lock_test_set(assay=assay, name=name, source=source, locked_by=self.person)
        except InvalidTestSet as error:
            raise exceptions.ValidationError({"images": [str(error)]}, code="invalid_test_set") from None
