"""`ETag`, `If-None-Match` and `If-Match`: nobody fetches twice what they have, or changes what they have not seen."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from clinic.api.errors import PreconditionFailed

KEPT_HEADERS = ("ETag", "Cache-Control", "Vary", "Location")  # what a 304 says beside "you have it"


def etag_of(shown: Any) -> str:
    """The tag of what one person is shown: it changes with any letter of it, so also with what they may see."""
    return tag(hashlib.sha256(JSONRenderer().render(shown)).hexdigest())


def tag(digest: str) -> str:
    """A strong tag for content of that digest."""
    return f'"{digest[:32]}"'


def hold(address: str) -> None:
    """Make others who would hold this address wait until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [address])


def require_match(request: Request, shown: Any) -> None:
    """Raises PreconditionFailed when `If-Match` names another state than the one that is shown now."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if "*" not in wanted and etag_of(shown) not in wanted:
        raise PreconditionFailed


def unless_known(request: Request, response: HttpResponseBase) -> HttpResponseBase:
    """The response, or 304 without a body when the caller has it: `If-None-Match` compares weakly."""
    has = response.headers.get("ETag")
    known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
    if has is None or response.status_code != HttpResponse.status_code or not ("*" in known or has in known):
        return response
    return HttpResponseNotModified(headers=_kept(response.headers))


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in KEPT_HEADERS if name in headers}
