"""/worklist/: which cases need the doctor, in the order and by the tabs and filters of the page."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.api.errors import InvalidParameters
from clinic.api.resources import Endpoint
from clinic.api.serializers import KnownFields
from clinic.models import User
from clinic.selectors.emergency_access import know_emergencies
from clinic.selectors.patients import search_patients
from clinic.services import audit
from diagnosis.api.record_entries import DoctorsOnly
from diagnosis.models import CaseStanding, RequestKind, Stage, Urgency, Verdict
from diagnosis.models.case import assay_choices
from diagnosis.models.case_standing import URGENCY_RANKS
from diagnosis.selectors.keyset import Place
from diagnosis.selectors.worklist import Tab, Worklist, WorklistRow, worklist
from diagnosis.selectors.worklist_filters import Filters
from diagnosis.worklist_forms import FilterForm, known_tab

URGENCIES = {rank: urgency.value for urgency, rank in URGENCY_RANKS.items()}
PLACES = ("after", "before")


class AskedSerializer(serializers.Serializer[object]):
    kind = serializers.ChoiceField(choices=RequestKind.choices)
    is_by_name = serializers.BooleanField(help_text="False: of whoever has not read the image.")


class StandingSerializer(serializers.ModelSerializer[CaseStanding]):
    """How far a case is. Numbers are of its images in use."""

    case_url = serializers.HyperlinkedRelatedField[Any](source="case", view_name="api:case-detail", read_only=True)
    urgency = serializers.SerializerMethodField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    asked = serializers.SerializerMethodField(help_text="What is asked of you in this case.")
    read_by_me = serializers.SerializerMethodField(help_text="Images with a reading of yours.")

    class Meta:
        model = CaseStanding
        fields = [
            "case",
            "case_url",
            "patient",
            "assay",
            "specimen_date",
            "urgency",
            "stage",
            "images",
            "pending",
            "failed",
            "unread",
            "settled",
            "open_requests",
            "read_by_me",
            "asked",
            "signed_at",
        ]

    def get_urgency(self, standing: CaseStanding) -> str:
        return URGENCIES[standing.urgency_rank]

    def get_read_by_me(self, standing: CaseStanding) -> int:
        return self._row(standing).read_by_me

    def get_asked(self, standing: CaseStanding) -> list[dict[str, Any]]:
        return [{"kind": one.kind.value, "is_by_name": one.is_by_name} for one in self._row(standing).asked]

    def _row(self, standing: CaseStanding) -> WorklistRow:
        rows: dict[Any, WorklistRow] = self.context["rows"]
        return rows[standing.case_id]


class WorklistSerializer(serializers.Serializer[object]):
    tab = serializers.ChoiceField(choices=Tab.choices)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Cases of each tab; 1000 is 1000 or more."
    )
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StandingSerializer(many=True)


class WorklistSearchSerializer(KnownFields):
    search = serializers.CharField(
        max_length=200, help_text="Words that all occur in the patient's name or record number."
    )


def _parameter(name: str, text: str, values: Sequence[str] = (), kind: Any = str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, enum=list(values) or None, description=text)


PARAMETERS = [
    _parameter("tab", "The first unless told.", Tab.values),
    _parameter("assay", "Only of this assay.", [slug for slug, _ in assay_choices()]),
    _parameter("urgency", "Only of this urgency.", Urgency.values),
    _parameter("verdict", "Only with an image of this verdict, of those shown to you.", Verdict.values),
    OpenApiParameter("model", {"type": "string", "format": "uuid"}, description="Only read by this model."),
    OpenApiParameter("since", {"type": "string", "format": "date"}, description="Specimen taken from this day."),
    OpenApiParameter("until", {"type": "string", "format": "date"}, description="Specimen taken until this day."),
    _parameter("after", "Where to go on: as given in `next`."),
    _parameter("before", "Where to go back: as given in `previous`."),
]
KNOWN = {one.name for one in PARAMETERS}


class WorklistView(Endpoint):
    """The worklist of the doctor who asks."""

    permission_classes = [IsAuthenticated, DoctorsOnly]
    narrowed_actions = ("get", "head", "post")
    parameters = KNOWN

    @extend_schema(parameters=PARAMETERS, responses=WorklistSerializer, operation_id="worklist_retrieve")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of one tab: 30 cases, requests to you first, then by urgency, doubt and age."""
        return self._answer(request, search="")

    def _answer(self, request: Request, *, search: str) -> Response:
        assert isinstance(request.user, User)  # noqa: S101  the permissions let no one else through
        entries = _checked(request)
        know_emergencies(request.user)
        form = FilterForm(entries)
        if not form.is_valid():
            raise InvalidParameters({name: [str(one) for one in errors] for name, errors in form.errors.items()})
        filters = form.filters()
        if search:
            filters = Filters(**filters.__dict__ | {"patients": search_patients(user=request.user, query=search)})
        places = {name: entries.get(name, "") for name in PLACES}
        found = worklist(person=request.user, tab=known_tab(entries.get("tab")), filters=filters, **places)
        audit.record_patients_listed(actor=request.user, patients={row.standing.patient_id for row in found.rows})
        return Response(_told(request, found, {"tab": found.tab.value, **form.as_address()}))


class WorklistSearch(WorklistView):
    """The worklist, narrowed down to patients by name or number, which stand in no address."""

    http_method_names = ["post", "options"]
    reading_actions = ("post",)

    @extend_schema(
        parameters=PARAMETERS,
        request=WorklistSearchSerializer,
        responses=WorklistSerializer,
        operation_id="worklist_search",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """As the worklist, of the patients found. Go on with the same body at `next`."""
        body = WorklistSearchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._answer(request, search=body.validated_data["search"])


def _checked(request: Request) -> dict[str, str]:
    """The parameters, once each is known and said once. A misspelt filter must not show everything."""
    wrong = {
        name: ["This parameter is not known." if name not in KNOWN else "Give it one value."]
        for name, values in request.query_params.lists()
        if name not in KNOWN or len(values) > 1 or not values[0]
    }
    tab = request.query_params.get("tab", Tab.TO_READ.value)
    if "tab" not in wrong and tab not in Tab.values:
        wrong["tab"] = [f"Must be one of {', '.join(Tab.values)}."]
    if wrong:
        raise InvalidParameters(wrong)
    return request.query_params.dict()


def _told(request: Request, found: Worklist, chosen: dict[str, str]) -> dict[str, Any]:
    rows = {row.standing.case_id: row for row in found.rows}
    standings: Any = [row.standing for row in found.rows]
    results = StandingSerializer(standings, many=True, context={"request": request, "rows": rows}).data
    return {
        "tab": found.tab.value,
        "counts": {tab.value: count for tab, count in found.counts.items()},
        "next": _address(request, chosen, "after", found.page.older),
        "previous": _address(request, chosen, "before", found.page.newer),
        "results": results,
    }


def _address(request: Request, chosen: dict[str, str], side: str, place: Place | None) -> str | None:
    if place is None:
        return None
    name = "api:worklist-search" if request.method == "POST" else "api:worklist"
    return f"{reverse(name, request=request)}?{urlencode(chosen | {side: str(place)})}"
