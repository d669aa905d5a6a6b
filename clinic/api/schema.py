"""What the schema says about every operation at once: headers by convention, and errors as problem documents."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from clinic.api.idempotency import LONGEST_KEY
from clinic.api.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is stable, `detail` is for people.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "One entry for each thing to correct.",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body: a JSON pointer."},
                    "parameter": {"type": "string", "description": "Which parameter of the address."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Of your choice, another one for each thing to be done. The same request with the same key is answered "
    "as before for a day, and not done again; another request with it is refused (422).",
)
_REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201, 202, 204],
    description="`true`: done before, and answered as then.",
)
_LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[201, 202], description="Where it is."
)
_KNOWN = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="An `ETag` that you have: 304 if it is still the same."
)
_SEEN = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of the thing as you know it: 412 if it has changed since.",
)
_TAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201, 202],
    description="Stands for what you are shown: another one as soon as that changes.",
)


class DescribedByConvention(AutoSchema):
    """An operation with the headers that all of its kind have."""

    def get_override_parameters(self) -> list[Any]:
        """Those that the view names, and those of the conventions."""
        return [*super().get_override_parameters(), *self._conventions()]

    def _conventions(self) -> list[OpenApiParameter]:
        is_one_thing = "{" in self.path and getattr(self.view, "action", "") != "list"
        if self.method == "GET":
            return [_KNOWN, _TAG] if is_one_thing else []
        changes = getattr(self.view, "action", self.method.lower()) not in getattr(self.view, "reading_actions", ())
        seen = [_SEEN, _TAG] if is_one_thing and changes else []
        repeated = [_KEY, _REPLAYED] if self.method == "POST" and changes and self.view.authentication_classes else []
        return [*repeated, *seen, *([_LOCATION] if self.method == "POST" and changes else [])]


# What may come of any operation, and of one that changes something.
_OF_ALL = (400, 401, 403, 404, 406, 409, 429, 503)
_OF_CHANGES = (411, 412, 413, 415, 422)
_HEADERS = {
    401: {"WWW-Authenticate": "How to sign in."},
    409: {"Retry-After": "Where waiting helps: seconds until then."},
    429: {"Retry-After": "Seconds until the next try."},
    503: {"Retry-After": "Seconds until the next try."},
}


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: every other answer than those listed is a problem document."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    statuses = (*_OF_ALL, *_OF_CHANGES)
    result["components"]["responses"] = {_name(code): _response(code) for code in statuses}
    for path in result["paths"].values():
        for method, operation in path.items():
            _add(operation["responses"], reads=method == "get")
    return result


def _add(responses: dict[str, Any], *, reads: bool) -> None:
    for code in _OF_ALL if reads else (*_OF_ALL, *_OF_CHANGES):
        responses.setdefault(str(code), {"$ref": f"#/components/responses/{_name(code)}"})
    if "ETag" in responses.get("200", {}).get("headers", {}) and reads:
        responses["304"] = {"description": HTTPStatus.NOT_MODIFIED.description}


def _name(code: int) -> str:
    return HTTPStatus(code).phrase.title().replace(" ", "")


def _response(code: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    texts = _HEADERS.get(code, {})
    headers = {name: {"schema": {"type": "string"}, "description": text} for name, text in texts.items()}
    described = {"headers": headers} if headers else {}
    return {"description": f"{HTTPStatus(code).phrase}.", **described, "content": content}
