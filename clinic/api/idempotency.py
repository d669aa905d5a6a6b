"""`Idempotency-Key`: a POST that is sent again, because its answer got lost, is not done again."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, QueryDict
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from clinic import request_context
from clinic.api.errors import Conflict, Unprocessable
from clinic.api.permissions import only_reads
from clinic.api.problems import is_refusal
from clinic.models import User
from clinic.services import kept_answers
from clinic.services.kept_answers import Answer, Asked

if TYPE_CHECKING:  # which is built on this
    from clinic.api.resources import Endpoint

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
WRONG_KEY = f"The {HEADER} header must be 1 to {LONGEST_KEY} visible characters of ASCII, without spaces."

Handler = Callable[..., HttpResponseBase]


def once(view: "Endpoint", handler: Handler) -> Handler:
    """`handler`, but what it did for a key before is answered as then, and not done again.

    Called after the view's permissions were checked. Requests that only ask are simply answered. A refusal changed
    nothing and is not kept: whoever corrects what was wrong may use the same key.
    """

    def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = _key_of(request)
        if key is None or only_reads(request, view) or not isinstance(request.user, User):
            return handler(request, *args, **kwargs)
        asked = Asked(person=request.user, key=key, request_digest=_digest_of(request))
        return in_one_transaction(lambda: _answer(view, asked, lambda: handler(request, *args, **kwargs)))

    return answer


def in_one_transaction(act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do it in a transaction that also holds when it ends in a refusal: what is written about one is to stay.

    An error of our own undoes it all.
    """
    with transaction.atomic():
        try:
            return act()
        except Exception as error:
            if not is_refusal(error):
                raise
            refusal = error
    raise refusal


def _answer(view: "Endpoint", asked: Asked, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        kept_answers.begin(asked)
        before = kept_answers.answer_before(asked)
    except kept_answers.AlreadyAsked as refusal:
        raise _refused(refusal) from None
    if before is not None:
        return _again(view, before)
    response = act()
    if status.is_success(response.status_code):
        kept_answers.keep(asked, _kept(view, response))
    return response


def _again(view: "Endpoint", before: Answer) -> Response:
    if before.body:
        view.check_sight()
    headers = {"Idempotent-Replayed": "true"} | ({"Location": before.location} if before.location else {})
    return Response(json.loads(before.body) if before.body else None, status=before.status, headers=headers)


def _kept(view: "Endpoint", response: HttpResponseBase) -> Answer:
    here = request_context.current()
    return Answer(
        status=response.status_code,
        location=response.headers.get("Location", ""),
        body=None if view.tells_secrets else _body_of(response),
        patients=here.patients if here else (),
    )


def _body_of(response: HttpResponseBase) -> str | None:
    if not isinstance(response, Response):
        return None  # a file: it is sent once
    return JSONRenderer().render(response.data).decode()


def _key_of(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise ParseError(WRONG_KEY, code="bad_idempotency_key")
    return key


def _digest_of(request: Request) -> str:
    """A digest of all that is asked for. Files are read in pieces."""
    data = request.data
    try:
        body = _form(data) if isinstance(data, QueryDict) else data
        asked = json.dumps([request.method, request.get_full_path(), body, _limits(request)], sort_keys=True)
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None
    return kept_answers.keyed_digest(asked.encode())


def _limits(request: Request) -> list[str]:
    """A token for some assays is not told what another one was answered."""
    return sorted(request.user.only_assays or ()) if isinstance(request.user, User) else []


def _form(data: QueryDict) -> dict[str, list[Any]]:
    return {name: [_part(value) for value in values] for name, values in data.lists()}


def _part(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return {"name": value.name, "size": value.size, "sha256": digest.hexdigest()}


_REFUSALS: dict[type[kept_answers.AlreadyAsked], Callable[[], Exception]] = {
    kept_answers.InProgress: lambda: Conflict(
        "The first request with this Idempotency-Key is still being worked on. Send this one again in a moment.",
        code="in_progress",
        wait=settings.IDEMPOTENCY_WAIT,
    ),
    kept_answers.AnotherRequest: lambda: Unprocessable(
        f"This Idempotency-Key was used for another request. Use a new one, or wait for {_hours()} hours.",
        code="idempotency_key_reused",
    ),
    kept_answers.NoLongerAllowed: lambda: PermissionDenied(
        "This was done, but you may not have its answer any more.", code="no_longer_allowed"
    ),
    kept_answers.ToldOnce: lambda: Conflict(
        "This was done already. Its answer is told once, and cannot be had again.", code="told_once"
    ),
    kept_answers.Hidden: Http404,
}


def _refused(refusal: kept_answers.AlreadyAsked) -> Exception:
    return _REFUSALS[type(refusal)]()


def _hours() -> int:
    return settings.IDEMPOTENCY_KEPT // timedelta(hours=1)
