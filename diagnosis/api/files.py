"""Sending stored pictures: PNG, checked against their digest, kept by no cache."""

import logging
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from clinic.api.conditions import tag
from clinic.api.errors import Unavailable
from diagnosis.delivery import picture
from diagnosis.services import file_store

logger = logging.getLogger(__name__)

sends_png = extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY}, filters=False)


class AnyAccept(BaseContentNegotiation):
    """A picture is a PNG whatever the caller would rather have; what is wrong is told as JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


def png(sha256: str) -> HttpResponse:
    """The stored PNG with that digest. An empty digest: the picture is not drawn yet."""
    if not sha256:
        raise NotFound("This picture is not ready yet: the image has not been analysed.", code="not_ready")
    try:
        response = picture(sha256)
    except file_store.DamagedFile:
        logger.exception("A stored picture cannot be delivered.")
        sentence = "The stored file is missing or damaged. Please tell your administrator."
        raise Unavailable(sentence, code="damaged_file") from None
    response.headers["ETag"] = tag(sha256)
    return response
