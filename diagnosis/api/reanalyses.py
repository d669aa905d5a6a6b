"""/reanalyses/: images that are read anew by the version that is active now, and how far that is."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.api.permissions import only_reads
from clinic.api.resources import Resource
from clinic.api.serializers import KnownFields
from clinic.models import User
from clinic.services import audit, records
from diagnosis.api.cases import CaseSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.models import Case, ModelVersion, Reanalysis, ReanalysisScope, ReanalysisState, Urgency, Verdict
from diagnosis.selectors.reanalyses import Progress, is_over, progress_of
from diagnosis.selectors.worklist import Tab
from diagnosis.services.reanalysing import reanalyse_case, reanalyse_read_by, reanalyse_worklist, stop_reanalysis

OF_THE_WORKLIST = ("tab", "urgency", "verdict", "read_by", "since", "until")


class DoctorsAndAdministratorsChange(IsAuthenticated):
    """Doctors ask for what they see, administrators for what a version has read."""

    message = "Only doctors and administrators can do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        person = request.user
        return only_reads(request, view) or (isinstance(person, User) and (person.is_doctor or person.is_administrator))


class ReanalysisProgressSerializer(serializers.Serializer[Progress]):
    """What became of the analyses that were put in the queue so far."""

    waiting = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class ReanalysisSerializer(serializers.ModelSerializer[Reanalysis]):
    url = serializers.HyperlinkedIdentityField(view_name="api:reanalysis-detail")
    model = serializers.UUIDField(source="model_version_id")
    case = serializers.SerializerMethodField(help_text="null: not of one case, or not yours to see.")
    filters = serializers.DictField(child=serializers.CharField(), help_text="What narrows the scope down.")
    expected = serializers.IntegerField(help_text="Images to read when it was asked for.")
    queued = serializers.IntegerField(help_text="Images put in the queue so far.")
    known = serializers.IntegerField(help_text="Images that this version had read before.")
    left_out = serializers.IntegerField(help_text="Images that are withdrawn or belong to a restricted record.")
    progress = serializers.SerializerMethodField()
    is_over = serializers.SerializerMethodField(help_text="Whether nothing more is to come.")

    class Meta:
        model = Reanalysis
        fields = [
            "id",
            "url",
            "scope",
            "model",
            "case",
            "filters",
            "state",
            "expected",
            "queued",
            "known",
            "left_out",
            "progress",
            "is_over",
            "created_at",
            "ended_at",
        ]

    def get_case(self, reanalysis: Reanalysis) -> UUID | None:
        return reanalysis.case_id if self.context["request"].user.is_doctor else None

    def _progress(self, reanalysis: Reanalysis) -> Progress:
        return cast("Progress", self.context["progress"].get(reanalysis.pk, Progress()))

    @extend_schema_field(ReanalysisProgressSerializer)
    def get_progress(self, reanalysis: Reanalysis) -> dict[str, int]:
        return dict(ReanalysisProgressSerializer(self._progress(reanalysis)).data)

    def get_is_over(self, reanalysis: Reanalysis) -> bool:
        return is_over(reanalysis, self._progress(reanalysis))


class ReanalysisRequestSerializer(KnownFields):
    """What is to be read anew. `worklist` is for doctors, `model` for administrators."""

    scope = serializers.ChoiceField(choices=[ReanalysisScope.WORKLIST.value, ReanalysisScope.MODEL.value])
    model = serializers.UUIDField(help_text="The version that is to read: the active one of its assay.")
    read_by = serializers.UUIDField(required=False, help_text="Images (model), or cases (worklist), that it has read.")
    since = serializers.DateField(required=False, help_text="Read (model), or taken (worklist), on or after this day.")
    until = serializers.DateField(required=False, help_text="worklist: taken on or before this day.")
    tab = serializers.ChoiceField(choices=Tab.choices, required=False, help_text="worklist: to-read unless given.")
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False, help_text="worklist")
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False, help_text="worklist")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["scope"] == ReanalysisScope.MODEL:
            if "read_by" not in attrs:
                raise serializers.ValidationError({"read_by": "Say which version has read the images."})
            foreign = [name for name in ("until", "tab", "urgency", "verdict") if name in attrs]
            if foreign:
                raise serializers.ValidationError(dict.fromkeys(foreign, "This belongs to the scope worklist."))
        return attrs


class ReanalysisFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    case = filters.UUIDFilter(method="of_case", help_text="Only of this case.")
    state = filters.ChoiceFilter(choices=ReanalysisState.choices, help_text="Only in this state.")

    def of_case(self, rows: QuerySet[Reanalysis], _: str, case: UUID) -> QuerySet[Reanalysis]:
        """Of a case that the person sees: administrators do not even learn that there is one."""
        return rows.filter(case__in=Case.objects.visible_to(self.request.user).filter(pk=case))


class ReanalysisViewSet(Resource[Reanalysis]):
    """Images that are read anew. Earlier results stay; the newest one leads."""

    queryset = Reanalysis.objects.none()
    serializer_class = ReanalysisSerializer
    filterset_class = ReanalysisFilter
    without_body = ("stop",)
    permission_classes = [DoctorsAndAdministratorsChange]

    def get_queryset(self) -> QuerySet[Reanalysis]:
        return Reanalysis.objects.visible_to(self.request.user).select_related("case")

    def context_for(self, items: Sequence[Reanalysis]) -> dict[str, Any]:
        """With how far each is."""
        return super().context_for(items) | {"progress": progress_of(items)}

    def note_list(self, page: Sequence[Reanalysis]) -> None:
        """A doctor who looks how far a case is looks at the case."""
        cases = {one.case.pk: one.case for one in page if one.case and self.person.is_doctor}
        audit.record_looks(
            actor=self.person,
            acts=[audit.Act(action="case.viewed", subject=case, patient_id=case.patient_id) for case in cases.values()],
        )

    def note_read(self, item: Reanalysis) -> None:
        self.note_list([item])

    @extend_schema(request=ReanalysisRequestSerializer, responses={202: ReanalysisSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have images read anew: those of the cases on your worklist, or those that another version has read."""
        serializer = ReanalysisRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        entries: dict[str, Any] = dict(serializer.validated_data)
        model = _version(entries.pop("model"), "model")
        ask = self._of_worklist if entries.pop("scope") == ReanalysisScope.WORKLIST else self._of_model
        with refusals_as_conflicts():
            found = ask(model, entries)
        return self.answer_with(found, status.HTTP_202_ACCEPTED)

    def _of_worklist(self, model: ModelVersion, entries: dict[str, Any]) -> Reanalysis:
        names = {"read_by": "model"}
        stored = {names.get(name, name): str(entries[name]) for name in OF_THE_WORKLIST if name in entries}
        if "read_by" in entries:
            _version(entries["read_by"], "read_by")
        return reanalyse_worklist(model=model, filters={"tab": Tab.TO_READ.value, **stored}, requested_by=self.person)

    def _of_model(self, model: ModelVersion, entries: dict[str, Any]) -> Reanalysis:
        read_by = _version(entries["read_by"], "read_by")
        return reanalyse_read_by(model=model, read_by=read_by, since=entries.get("since"), requested_by=self.person)

    @extend_schema(request=None, responses={202: ReanalysisSerializer})
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put an end to it: what waits is taken out of the queue, results that are there stay."""
        with refusals_as_conflicts():
            stop_reanalysis(reanalysis=self.get_object(), stopped_by=self.person)
        return self.answer_with(self.get_object(), status.HTTP_202_ACCEPTED)


class CaseReanalyses(Resource[Case]):
    """Having one case read anew."""

    queryset = Case.objects.none()
    serializer_class = CaseSerializer  # of what `If-Match` is about
    without_body = ("create",)
    permission_classes = [DoctorsAndAdministratorsChange]

    def get_queryset(self) -> QuerySet[Case]:
        return Case.objects.visible_to(self.request.user)

    def hold(self, item: Case) -> None:
        records.hold(patient_id=item.patient_id)

    @extend_schema(request=None, responses={202: ReanalysisSerializer}, operation_id="cases_reanalyses_create")
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have a case's images read by the active version, those that it has not read yet. 409 says why not."""
        case = self.get_object()
        with refusals_as_conflicts():
            found = reanalyse_case(case=case, requested_by=self.person)
        context = {**self.get_serializer_context(), "progress": progress_of([found])}
        data = ReanalysisSerializer(found, context=context).data
        return Response(data, status=status.HTTP_202_ACCEPTED, headers={"Location": data["url"]})


def _version(pk: UUID, field: str) -> ModelVersion:
    found = ModelVersion.objects.filter(pk=pk).first()
    if found is None:
        raise exceptions.ValidationError({field: ["There is no such version."]})
    return found
