"""/reports/: what was signed. Read only: signing takes a person with a password or a passkey, never a program."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from clinic.api.errors import Unavailable
from clinic.api.resources import ClinicalResource
from diagnosis.api.analyses import POLL_SECONDS
from diagnosis.api.files import AnyAccept
from diagnosis.models import Report
from diagnosis.report_delivery import FORMS, NotDrawnYet, file_of
from diagnosis.selectors.reports import DamagedReport, content_of
from diagnosis.services.file_store import DamagedFile

DAMAGED = "The stored report is missing or damaged. Please tell your administrator."


class ReportFilesSerializer(serializers.Serializer[object]):
    pdf = serializers.URLField()
    csv = serializers.URLField()
    xlsx = serializers.URLField()


class ReportSummarySerializer(serializers.ModelSerializer[Report]):
    url = serializers.HyperlinkedIdentityField(view_name="api:report-detail")
    case_url = serializers.HyperlinkedRelatedField[Any](source="case", view_name="api:case-detail", read_only=True)
    patient = serializers.UUIDField(source="case.patient_id")
    signed_by = serializers.CharField(source="signed_by.full_name")
    signed_at = serializers.DateTimeField(source="created_at")
    files = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = [
            "id",
            "url",
            "case",
            "case_url",
            "patient",
            "version",
            "amendment_reason",
            "signed_by",
            "signed_at",
            "content_digest",
            "files",
        ]

    @extend_schema_field(ReportFilesSerializer)
    def get_files(self, report: Report) -> dict[str, str]:
        request = self.context["request"]
        return {
            form: reverse("api:report-file", kwargs={"pk": report.pk, "form": form}, request=request) for form in FORMS
        }


class ReportSerializer(ReportSummarySerializer):
    content = serializers.SerializerMethodField(
        help_text="All that was signed, as it was. `content_digest` is the SHA-256 of it as canonical JSON: names "
        "sorted, no spaces, UTF-8."
    )

    class Meta(ReportSummarySerializer.Meta):
        fields = [*ReportSummarySerializer.Meta.fields, "content"]

    @extend_schema_field(serializers.DictField())
    def get_content(self, report: Report) -> dict[str, Any]:
        try:
            return content_of(report)
        except DamagedReport:
            raise Unavailable(DAMAGED, code="damaged_report") from None


class ReportFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    case = filters.UUIDFilter(help_text="Only of this case, all versions.")
    patient = filters.UUIDFilter(field_name="case__patient", help_text="Only this patient's.")


class ReportViewSet(ClinicalResource[Report]):
    """Signed reports. The highest version of a case holds; the earlier ones are kept."""

    queryset = Report.objects.none()
    narrowed_actions = ("list", "retrieve", "send")
    serializer_class = ReportSummarySerializer
    filterset_class = ReportFilter
    singular, plural = "report", "reports"

    def get_queryset(self) -> QuerySet[Report]:
        shown = Report.objects.shown_to(self.request.user).select_related("case", "signed_by")
        return shown if self.detail else shown.defer("content")

    def get_serializer_class(self) -> type[ReportSummarySerializer]:
        return ReportSerializer if self.detail else ReportSummarySerializer

    def patient_of(self, item: Report) -> UUID:
        return item.case.patient_id

    @extend_schema(responses=ReportSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """One report with its content."""
        return super().retrieve(request, *args, **kwargs)


class ReportFileViewSet(ReportViewSet):
    """A report's files."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
        },
        filters=False,
        operation_id="reports_files_retrieve",
    )
    def send(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One of them: pdf, csv or xlsx. 503 `being_drawn` until a worker has drawn the PDF."""
        report = self.get_object()
        form: str = kwargs["form"]
        if form not in FORMS:
            raise Http404
        try:
            return file_of(report, form=form, person=self.person)
        except NotDrawnYet:
            sentence = "The PDF is being drawn. Please ask again in a moment."
            raise Unavailable(sentence, code="being_drawn", wait=timedelta(seconds=POLL_SECONDS)) from None
        except (DamagedFile, DamagedReport):
            raise Unavailable(DAMAGED, code="damaged_report") from None
