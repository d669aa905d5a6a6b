"""What every resource of the API has in common: UTF-8, nothing cached, reads of patients' data in the trail."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from clinic.api.errors import LengthRequired
from clinic.api.permissions import DoctorsChange
from clinic.models import User
from clinic.services import audit

T = TypeVar("T", bound=Model)


class Endpoint(APIView):
    """An address of the API. No answer is kept by any cache on the way."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        request.encoding = "utf-8"  # a request cannot choose a codec that is none
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        return final


class Resource(Endpoint, GenericViewSet[T]):
    """Things of one kind, found by their UUID."""

    lookup_value_converter = "uuid"
    permission_classes = [IsAuthenticated, DoctorsChange]
    ordering_fields: tuple[str, ...] = ("created_at",)

    @property
    def person(self) -> User:
        """Who is asking. Only for after the permissions were checked."""
        assert isinstance(self.request.user, User)  # noqa: S101  the permissions let no one else through
        return self.request.user

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page of what the person may see."""
        return self.answer_with_page(self.get_queryset())

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """One thing."""
        item = self.get_object()
        self.note_read(item)
        return Response(self.represent([item])[0])

    def answer_with_page(self, queryset: QuerySet[T]) -> Response:
        """The page asked for, of the things in `queryset` that the filters let through."""
        page = self.paginate_queryset(self.filter_queryset(queryset)) or []
        self.note_list(page)
        return self.get_paginated_response(self.represent(page))

    def represent(self, items: Sequence[T]) -> Sequence[dict[str, Any]]:
        """What is told about each."""
        many: Any = items
        serializer = self.get_serializer_class()(many, many=True, context=self.context_for(items))
        return cast("Sequence[dict[str, Any]]", serializer.data)

    def context_for(self, items: Sequence[T]) -> dict[str, Any]:
        """What the serializer needs to know beside the items themselves."""
        return {**self.get_serializer_context()}

    def note_list(self, page: Sequence[T]) -> None:
        """Called with every page that is read."""

    def note_read(self, item: T) -> None:
        """Called with every single thing that is read."""


class ClinicalResource(Resource[T]):
    """Things that tell something about a patient: every read is an event of the trail."""

    singular: ClassVar[str]
    plural: ClassVar[str]

    def patient_of(self, item: T) -> UUID:
        """The id of the patient whom `item` tells something about; without a further query."""
        raise NotImplementedError

    def note_list(self, page: Sequence[T]) -> None:
        patients = sorted({str(self.patient_of(item)) for item in page})
        audit.record(
            actor=self.person,
            action=f"{self.plural}.listed",
            subject=self.person,
            patient_id=UUID(patients[0]) if len(patients) == 1 else None,
            count=len(page),
            patients=patients,
        )
        if len(patients) > 1:
            audit.record_patients_listed(actor=self.person, patients=map(UUID, patients))

    def note_read(self, item: T) -> None:
        audit.record(
            actor=self.person,
            action=f"{self.singular}.viewed",
            subject=item,
            patient_id=self.patient_of(item),
        )
