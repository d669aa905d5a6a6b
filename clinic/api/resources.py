"""What every resource of the API has in common: UTF-8, nothing cached, nothing done twice or to what has changed
meanwhile, reads of patients' data in the trail."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from clinic.api import conditions
from clinic.api.errors import EncodedBody, InvalidParameters, LengthRequired
from clinic.api.filters import NOT_KNOWN
from clinic.api.idempotency import Handler, in_one_transaction, once
from clinic.api.parsers import require_nothing_in
from clinic.api.permissions import DoctorsChange, asked_of
from clinic.models import User
from clinic.selectors.emergency_access import know_emergencies
from clinic.services import audit, records

CHANGING = {"post", "put", "patch", "delete"}
T = TypeVar("T", bound=Model)


class Endpoint(APIView):
    """An address of the API. No answer is kept by any cache on the way; a POST is done once for an `Idempotency-Key`.

    `tells_secrets`: what a POST answers is told once, so that its answer is not kept. `reading_actions`: those that
    only ask, and are simply answered. `narrowed_actions`: those that a token for some assays may be used for, because
    they begin all that they show and change at `visible_to`.
    `without_body`: those that take no entries. `parameters`: what is known in the address.
    """

    tells_secrets: ClassVar[bool] = False
    reading_actions: ClassVar[tuple[str, ...]] = ()
    narrowed_actions: ClassVar[tuple[str, ...]] = ()
    without_body: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[Collection[str]] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        if method in CHANGING and handler:
            setattr(self, method, self.guarded(method, handler))
        return super().dispatch(request, *args, **kwargs)

    def guarded(self, method: str, handler: Handler) -> Handler:
        """The handler, which changes a thing only where it is as `If-Match` says, and does a POST once for a key: what
        was done for it before is told, whatever the thing is like now."""
        careful = self._if_matching(handler)
        return once(self, careful) if method == "post" else careful

    def _if_matching(self, handler: Handler) -> Handler:
        def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "If-Match" not in request.headers or not self.is_one_thing:
                return handler(request, *args, **kwargs)
            return in_one_transaction(lambda: self._matching(handler, request, *args, **kwargs))

        return answer

    def _matching(self, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        conditions.require_match(request, self.held(request, *args, **kwargs))
        return handler(request, *args, **kwargs)

    def held(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """What getting the thing tells; nobody who says `If-Match` changes it until the transaction ends."""
        conditions.hold(request.path)
        get = getattr(self, "get", None)
        return get(request, *args, **kwargs).data if get else None

    @property
    def is_one_thing(self) -> bool:
        """Whether the address is that of one thing, or of something that hangs on it."""
        return bool(self.kwargs)

    def check_sight(self) -> None:
        """Called before an answer is given again. Raises Http404 when what it is about is not shown any more."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        request.encoding = "utf-8"  # a request cannot choose a codec that is none
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise EncodedBody
        super().initial(request, *args, **kwargs)
        self.check_parameters(request)
        if asked_of(request, self) in self.without_body:
            require_nothing_in(request.data)

    def check_parameters(self, request: Request) -> None:
        """Raises InvalidParameters for what is not known in the address. Resources have filters that look."""
        wrong = {
            name: [NOT_KNOWN if name not in self.parameters else "Give it one value."]
            for name, values in request.query_params.lists()
            if name not in self.parameters or len(values) > 1 or not values[0]
        }
        if wrong:
            raise InvalidParameters(wrong)

    def perform_authentication(self, request: Request) -> None:
        """Count the request first: whoever is refused is counted too."""
        try:
            super().perform_authentication(request)
        except APIException:
            super().check_throttles(request)
            raise
        super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Done already."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        return final if request.method not in {"GET", "HEAD"} else self._told(request, final)

    def _told(self, request: Request, response: HttpResponseBase) -> HttpResponseBase:
        if self.is_one_thing and isinstance(response, Response) and response.status_code == status.HTTP_200_OK:
            response.headers["ETag"] = conditions.etag_of(response.data)
        return conditions.unless_known(request, response)


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

    @property
    def is_one_thing(self) -> bool:
        return super().is_one_thing and self.action != "list"

    def check_parameters(self, request: Request) -> None:
        """The filters do."""

    def check_sight(self) -> None:
        if self.is_one_thing:
            self.get_object()

    def held(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        self.hold(self.get_object())
        return self.shown(self.get_object())

    def hold(self, item: T) -> None:
        """Make whoever else would change `item` wait until the transaction ends: by what its services lock first."""
        rows = type(item)._default_manager.select_for_update(no_key=True)  # noqa: SLF001  Django's public name
        rows.filter(pk=item.pk).values_list("pk").first()

    def shown(self, item: T) -> Any:
        """What getting `item` tells of it."""
        return self.represent([item])[0]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page of what the person may see."""
        know_emergencies(self.person)
        return self.answer_with_page(self.get_queryset())

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """One thing."""
        item = self.get_object()
        self.note_read(item)
        return Response(self.shown(item))

    def answer_with(self, item: T, code: int = status.HTTP_200_OK) -> Response:
        """What became of `item`, with its tag; where it was made, or is being worked on, also with its address."""
        shown = self.shown(item)
        address = {"Location": shown["url"]} if code in {status.HTTP_201_CREATED, status.HTTP_202_ACCEPTED} else {}
        return Response(shown, status=code, headers=address | {"ETag": conditions.etag_of(shown)})

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

    def hold(self, item: T) -> None:
        records.hold(patient_id=self.patient_of(item))

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
