"""/models/: the model registry, for everybody who may sign in; administrators add to it."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import DataAndFiles
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import TooLarge
from clinic.api.parsers import FilesParser
from clinic.api.permissions import AdministratorsChange
from clinic.api.resources import Resource
from diagnosis import bundle_uploads
from diagnosis.models import ModelState, ModelVersion
from diagnosis.models.case import assay_choices


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    url = serializers.HyperlinkedIdentityField(view_name="api:model-detail")
    manifest = serializers.DictField(help_text="The model's card, as its bundle has it.")

    class Meta:
        model = ModelVersion
        fields = [
            "id",
            "url",
            "assay",
            "name",
            "version",
            "sha256",
            "state",
            "created_at",
            "activated_at",
            "stopped_at",
            "manifest",
        ]


class BundleSerializer(serializers.Serializer[object]):
    file = serializers.FileField(help_text="A model bundle, as `python -m mlcore train` writes it.")


class ModelFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    assay = filters.ChoiceFilter(choices=assay_choices, help_text="Only of this assay.")
    state = filters.ChoiceFilter(choices=ModelState.choices, help_text="Only in this state.")


class BundleParser(FilesParser):
    """Form data with one bundle: what is larger by its own account is refused before a byte of it is read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        if bundle_uploads.is_too_large(dict(parser_context or {})["request"]):
            raise TooLarge(bundle_uploads.too_large())
        return super().parse(stream, media_type, parser_context)


class ModelViewSet(Resource[ModelVersion]):
    """Models. They hold no patient's data."""

    queryset = ModelVersion.objects.all()
    narrowed_actions = ("list", "retrieve")
    serializer_class = ModelSerializer
    filterset_class = ModelFilter
    permission_classes = [IsAuthenticated, AdministratorsChange]
    parser_classes = [BundleParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if request.method == "POST":
            bundle_uploads.expect_bundle(request)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ModelVersion]:
        assays = self.person.only_assays
        models = ModelVersion.objects.all()
        return models if assays is None else models.filter(assay__in=assays)

    @extend_schema(request=BundleSerializer, responses={200: ModelSerializer, 201: ModelSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Register a bundle as a candidate: 201. Sent again it is the same model: 200."""
        file = _file(request)
        try:
            model, is_new = bundle_uploads.take_in(file, sent_by=self.person)
        except ValidationError as error:
            if error.code == bundle_uploads.TOO_LARGE:
                raise TooLarge(error.messages[0]) from None
            raise exceptions.ValidationError({"file": error.messages}, code=error.code) from None
        response = self.answer_with(model, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)
        response.headers["Location"] = response.data["url"]
        return response


def _file(request: Request) -> Any:
    unknown = set(request.data) - {"file"}
    if unknown:
        sentence = "This field is not known. Send a bundle as file."
        raise exceptions.ValidationError({name: [sentence] for name in unknown}, code="unknown_field")
    files = request.FILES.getlist("file")
    if len(files) != 1:
        raise exceptions.ValidationError({"file": ["Send one bundle as a file (curl -F file=@model.bundle)."]})
    return files[0]
