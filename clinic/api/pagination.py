"""How lists are cut into pages."""

import re
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from clinic.api.errors import InvalidParameters

CURSOR = re.compile(r"[A-Za-z0-9+/]*={0,2}")  # of base64 that is read, anything else would be passed over


class NewestFirst(CursorPagination):
    """Newest first, by cursor: as quick on the last page as on the first, and nothing is shown twice."""

    ordering = ("-created_at", "-id")
    page_size_query_param = "page_size"
    page_size_query_description = "Results a page, 1 to 200."
    cursor_query_description = "Where to go on: as given in `next` and `previous`."
    max_page_size = 200

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """What the schema says, with the bounds of a page."""
        cursor, size = super().get_schema_operation_parameters(view)
        bounds = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return [cursor, {**size, "schema": bounds}]

    def get_page_size(self, request: Request) -> int | None:
        """As asked for. A size that cannot be had is refused rather than quietly changed."""
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and len(asked) <= len(str(self.max_page_size))):
            raise self._bad_page_size()
        if not 1 <= int(asked) <= self.max_page_size:
            raise self._bad_page_size()
        return int(asked)

    def _bad_page_size(self) -> InvalidParameters:
        return InvalidParameters({"page_size": [f"Must be a whole number from 1 to {self.max_page_size}."]})

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from; one that was not given out by a list is refused."""
        if not CURSOR.fullmatch(request.query_params.get(self.cursor_query_param, "")):
            raise self._bad_cursor()
        try:
            return super().decode_cursor(request)
        except NotFound:
            raise self._bad_cursor() from None

    def _bad_cursor(self) -> InvalidParameters:
        return InvalidParameters({"cursor": ["Use a cursor as the list itself gave it."]})
