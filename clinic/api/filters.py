"""Which query parameters a list understands. Others are refused: a misspelt or empty filter must not show all."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from clinic.api.errors import InvalidParameters

NOT_KNOWN = "This parameter is not known."
PAGING = {"cursor", "page_size", "ordering"}


class KnownFilters(DjangoFilterBackend):  # type: ignore[misc]  # django-filter ships no types
    """The filters of the view's filter set, and nothing else."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filter_class = self.get_filterset_class(view, queryset)
        filters = set(filter_class.base_filters) if filter_class else set()
        known = set() if getattr(view, "is_one_thing", False) else PAGING | filters
        hints = getattr(view, "parameter_hints", {})
        wrong = {
            name: [hints.get(name, NOT_KNOWN) if name not in known else "Give it one value."]
            for name, values in request.query_params.lists()
            if name not in known or len(values) > 1 or not values[0]
        }
        if wrong:
            raise InvalidParameters(wrong)
        try:
            filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        except ValidationError as error:
            raise InvalidParameters(error.detail) from None
        return filtered


class KnownOrderings(OrderingFilter):
    """The view's `ordering_fields`, with the id to settle ties."""

    ordering_description = "Newest first, unless asked for otherwise."

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """What the schema says: the orderings by name."""
        (parameter,) = super().get_schema_operation_parameters(view)
        return [{**parameter, "schema": {"type": "string", "enum": _orderings(view)}}]

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> list[str] | None:
        asked = request.query_params.get(self.ordering_param)
        if asked is None or getattr(view, "is_one_thing", False):
            return None
        if asked not in _orderings(view):
            raise InvalidParameters({self.ordering_param: [f"Must be one of {', '.join(_orderings(view))}."]})
        return [asked, "-id" if asked.startswith("-") else "id"]


def _orderings(view: APIView) -> list[str]:
    return [sign + name for name in getattr(view, "ordering_fields", ()) for sign in ("", "-")]
