"""/patients/"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.api.problems import answer
from clinic.api.resources import ClinicalResource
from clinic.api.serializers import KnownFields
from clinic.models import Patient
from clinic.selectors.emergency_access import know_emergencies
from clinic.selectors.merging import lives_on_in
from clinic.selectors.patients import search_patients
from clinic.services.patients import LikelyDuplicates, register_patient


class PatientSerializer(KnownFields, serializers.ModelSerializer[Patient]):
    url = serializers.HyperlinkedIdentityField(view_name="api:patient-detail")

    class Meta:
        model = Patient
        fields = [
            "id",
            "url",
            "record_number",
            "family_name",
            "given_name",
            "birth_date",
            "created_at",
            "restricted_at",
        ]
        read_only_fields = ["created_at", "restricted_at"]


class NewPatientSerializer(PatientSerializer):
    not_duplicate_of = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=100,
        help_text="Ids of likely duplicates that you were shown, and that are other people.",
    )

    class Meta(PatientSerializer.Meta):
        fields = [*PatientSerializer.Meta.fields, "not_duplicate_of"]


class PatientSearchSerializer(KnownFields):
    search = serializers.CharField(
        max_length=200, help_text="Words that all occur in the patient's name or record number."
    )


class PatientViewSet(ClinicalResource[Patient]):
    """The patients whose care team you are on."""

    queryset = Patient.objects.none()
    narrowed_actions = ("list", "retrieve", "create", "search")
    serializer_class = PatientSerializer
    singular, plural = "patient", "patients"
    reading_actions = ("search",)
    parameter_hints = {"search": "Names do not belong in addresses: POST the text to /api/v1/patients/search/."}

    def get_queryset(self) -> QuerySet[Patient]:
        return Patient.objects.visible_to(self.request.user)

    def patient_of(self, item: Patient) -> UUID:
        return item.pk

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """One patient. The id of a record that was merged into another of yours answers 301 with that one's address."""
        try:
            return super().retrieve(request, *args, **kwargs)
        except Http404:
            lives_on = lives_on_in(patient_id=kwargs["pk"], user=self.person)
            if lives_on is None:
                raise
            return self._merged(lives_on)

    def _merged(self, lives_on: Patient) -> Response:
        address = reverse("api:patient-detail", kwargs={"pk": lives_on.pk}, request=self.request)
        response = answer(
            status=status.HTTP_301_MOVED_PERMANENTLY,
            code="merged",
            detail="This record was merged into another one.",
            patient=str(lives_on.pk),
        )
        response["Location"] = address
        return response

    @extend_schema(request=NewPatientSerializer, responses={201: PatientSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Register a patient; you are the first on the care team.

        409 `likely_duplicates` when patients of yours are alike: look at the `candidates`, then either use one of
        them, or send the same body again with all their ids in `not_duplicate_of`.
        """
        serializer = NewPatientSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        try:
            patient = register_patient(registered_by=self.person, **serializer.validated_data)
        except LikelyDuplicates as found:
            return self._likely_duplicates(found)
        return self.answer_with(patient, status.HTTP_201_CREATED)

    def _likely_duplicates(self, found: LikelyDuplicates) -> Response:
        shown = self.represent([candidate.patient for candidate in found.candidates])
        return answer(
            status=status.HTTP_409_CONFLICT,
            code="likely_duplicates",
            detail=f"{found} Look at the candidates first.",
            candidates=[
                {**patient, "alike": list(candidate.reasons)}
                for patient, candidate in zip(shown, found.candidates, strict=True)
            ],
        )

    @extend_schema(
        request=PatientSearchSerializer,
        responses=PatientSerializer(many=True),
        filters=True,
        operation_id="patients_search",
    )
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Find patients by name or record number. Go on with the same body at `next`."""
        body = PatientSearchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        know_emergencies(self.person)
        return self.answer_with_page(search_patients(user=self.person, query=body.validated_data["search"]))
