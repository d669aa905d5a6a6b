"""Receiving a model bundle from a browser or a program: streamed to disk, then checked without executing anything."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinic.models import User
from diagnosis.models import ModelVersion
from diagnosis.services.model_registry import register_bundle
from diagnosis.upload_handler import BundleUploadHandler
from mlcore.bundle import MAX_BYTES, InvalidBundle

MEGABYTE = 1024 * 1024
ROOM_AROUND = MEGABYTE  # the form's other parts and its borders
TOO_LARGE = "too_large"


def expect_bundle(request: HttpRequest) -> None:
    """Before the body is looked at: keep at most a bundle of it, on disk."""
    request.upload_handlers = [BundleUploadHandler(request)]


def is_too_large(request: HttpRequest) -> bool:
    """Whether the request says itself that it holds more than a bundle."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdecimal() and int(length) > MAX_BYTES + ROOM_AROUND


def too_large() -> str:
    """The sentence for a file that is too large."""
    return _("A model bundle has at most %(limit)s MB.") % {"limit": MAX_BYTES // MEGABYTE}


def take_in(file: "UploadedFile[Any]", *, sent_by: User) -> tuple[ModelVersion, bool]:
    """The model of a bundle, and whether it is new. ValidationError with one sentence that says what is wrong."""
    if (file.size or 0) > MAX_BYTES:
        raise ValidationError(too_large(), code=TOO_LARGE)
    try:
        return register_bundle(content=file.read(), registered_by=sent_by)
    except InvalidBundle as error:
        sentence = _("This file cannot be registered: %(why)s.") % {"why": str(error).rstrip(".")}
        raise ValidationError(sentence, code="invalid_bundle") from None
