"""/cases/<id>/images/: taking in images. Every file has its own outcome."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.api.errors import Unavailable
from clinic.api.parsers import FilesParser
from clinic.api.problems import answer, problem
from clinic.api.resources import Resource
from clinic.selectors.emergency_access import know_emergencies
from clinic.services import records
from diagnosis.api.analyses import MODEL_STOPPED
from diagnosis.api.cases import CaseSerializer
from diagnosis.models import Case, SlideImage
from diagnosis.selectors.room import seconds_until_room
from diagnosis.services.uploads import Upload, UploadRefused, accept_images

STATUS_OF_REFUSAL = {
    "too_large": status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    "unsupported_type": status.HTTP_415_UNSUPPORTED_MEDIA_TYPE,
    "no_model": status.HTTP_409_CONFLICT,
    "withdrawn": status.HTTP_409_CONFLICT,
    "restricted": status.HTTP_409_CONFLICT,
    "not_stored": status.HTTP_503_SERVICE_UNAVAILABLE,
}


QUEUE_FULL = (
    "Too many images wait to be analysed just now, many of them yours. "
    "Nothing of this request was read: send it again, later."
)


class ImagesSerializer(serializers.Serializer[object]):
    files = serializers.ListField(
        child=serializers.FileField(), max_length=200, help_text="PNG, JPEG or TIFF; several parts of this one name."
    )


class DuplicateSerializer(serializers.Serializer[object]):
    """The same bytes in another case of a patient of yours."""

    image = serializers.UUIDField()
    image_url = serializers.URLField()
    case = serializers.UUIDField()
    patient = serializers.UUIDField()


class OutcomeSerializer(serializers.Serializer[object]):
    """What became of one file. Either the addresses are given, or the problem is."""

    name = serializers.CharField(help_text="The file's name as it was sent.")
    accepted = serializers.BooleanField()
    is_new = serializers.BooleanField(allow_null=True, help_text="False: the case already had these very bytes.")
    image = serializers.UUIDField(allow_null=True)
    image_url = serializers.URLField(allow_null=True)
    analysis = serializers.UUIDField(allow_null=True)
    analysis_url = serializers.URLField(allow_null=True)
    duplicates = DuplicateSerializer(many=True, help_text="Where else you have these very bytes.")
    problem = serializers.DictField(allow_null=True)
    notice = serializers.CharField(allow_null=True, help_text="A sentence when the image has to wait for long.")


OUTCOME = tuple(OutcomeSerializer().fields)


class OutcomesSerializer(serializers.Serializer[object]):
    files = OutcomeSerializer(many=True)


class CaseImages(Resource[Case]):
    """A case's images."""

    case: Case
    queryset = Case.objects.none()
    serializer_class = CaseSerializer  # of what `If-Match` is about
    narrowed_actions = ("create",)
    parser_classes = [FilesParser]

    def get_queryset(self) -> QuerySet[Case]:
        return Case.objects.visible_to(self.request.user)

    def hold(self, item: Case) -> None:
        records.hold(patient_id=item.patient_id)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Put off whoever has enough waiting, before a byte of the body is read."""
        super().initial(request, *args, **kwargs)
        if self.action != "create":
            return
        self.case = self.get_object()
        seconds = seconds_until_room(person=self.person, assay=self.case.assay)
        if seconds is not None:
            raise Unavailable(QUEUE_FULL, code="queue_full", wait=timedelta(seconds=seconds))

    @extend_schema(request=ImagesSerializer, responses={202: OutcomesSerializer}, operation_id="cases_images_create")
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send images. Those that can be read are queued for analysis; the others say what is wrong with them."""
        files = _files(request)
        know_emergencies(self.person)  # as they are now: reading the files may have taken minutes
        outcomes = accept_images(case=self.case, uploaded_by=self.person, files=files)
        entries = [_entry(request, name, outcome) for name, outcome in outcomes]
        refusals = [outcome for _, outcome in outcomes if isinstance(outcome, UploadRefused)]
        if len(refusals) == len(outcomes):
            return _all_refused(refusals, entries)
        locations = [entry["analysis_url"] for entry in entries if entry["analysis_url"]]
        headers = {"Location": locations[0]} if len(locations) == 1 else None
        return Response({"files": entries}, status=status.HTTP_202_ACCEPTED, headers=headers)


def _files(request: Request) -> "list[UploadedFile[Any]]":
    unknown = set(request.data) - {"files"}
    if unknown:
        raise ValidationError({name: ["This field is not known. Send images as files."] for name in unknown})
    files: list[UploadedFile[Any]] = request.FILES.getlist("files")
    if not files or "files" in request.POST:
        raise ValidationError({"files": ["Send at least one file, each with its name (curl -F files=@image.png)."]})
    return files


def _entry(request: Request, name: str, outcome: Upload | UploadRefused) -> dict[str, Any]:
    entry: dict[str, Any] = dict.fromkeys(OUTCOME) | {"duplicates": []}
    if isinstance(outcome, UploadRefused):
        return entry | {"name": name, "accepted": False, "problem": _problem(outcome)}
    analysis = outcome.analysis
    return entry | {
        "name": name,
        "accepted": True,
        "is_new": outcome.is_new,
        "image": analysis.image_id,
        "image_url": reverse("api:image-detail", kwargs={"pk": analysis.image_id}, request=request),
        "analysis": analysis.pk,
        "analysis_url": reverse("api:analysis-detail", kwargs={"pk": analysis.pk}, request=request),
        "duplicates": [_duplicate(request, image) for image in outcome.elsewhere],
        "notice": MODEL_STOPPED["detail"] if analysis.is_pending and analysis.model_version.stopped_at else None,
    }


def _duplicate(request: Request, image: SlideImage) -> dict[str, Any]:
    return {
        "image": image.pk,
        "image_url": reverse("api:image-detail", kwargs={"pk": image.pk}, request=request),
        "case": image.case_id,
        "patient": image.case.patient_id,
    }


def _problem(refusal: UploadRefused) -> dict[str, Any]:
    return problem(status=_status_of(refusal), code=refusal.code, detail=refusal.message)


def _status_of(refusal: UploadRefused) -> int:
    return STATUS_OF_REFUSAL.get(refusal.code, status.HTTP_400_BAD_REQUEST)


def _all_refused(refusals: list[UploadRefused], entries: list[dict[str, Any]]) -> Response:
    statuses = {_status_of(refusal) for refusal in refusals}
    alone = len(refusals) == 1
    response = answer(
        status=statuses.pop() if len(statuses) == 1 else status.HTTP_400_BAD_REQUEST,
        code=refusals[0].code if alone else "all_files_refused",
        detail=refusals[0].message if alone else "No file could be taken in; see files.",
        files=entries,
    )
    if response.status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(Unavailable.wait)
    return response
