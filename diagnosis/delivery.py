"""Handing out stored pictures: pixels that a worker drew anew, checked against their digest. Never an original.

With FILE_DELIVERY=x-accel the reverse proxy sends the bytes: the answer then only names the file, after it was checked.
"""

from django.conf import settings
from django.http import HttpResponse

from diagnosis.models import ModelEvaluation
from diagnosis.services import file_store

# A picture that is opened alone runs nothing, loads nothing and is of no origin.
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

# A report that is opened alone shows its own pictures and styles, and runs and loads nothing either.
REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


def picture(sha256: str) -> HttpResponse:
    """The stored PNG with that digest. Raises DamagedFile when it is missing or differs by a single bit."""
    response = HttpResponse(content_type="image/png")
    if settings.FILE_DELIVERY == "x-accel":
        file_store.verify(sha256)
        response["X-Accel-Redirect"] = f"/{file_store.name_of(sha256)}"
    else:
        response.content = file_store.get(sha256)
    response["Content-Security-Policy"] = POLICY
    response["Content-Disposition"] = "inline"
    return response


def report_of(evaluation: ModelEvaluation) -> HttpResponse:
    """The stored report of an evaluation that has one, as a page to save. Raises DamagedFile as `picture` does."""
    response = HttpResponse(file_store.get(evaluation.report_sha256), content_type="text/html; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="evaluation-{evaluation.pk}.html"'
    response["Content-Security-Policy"] = REPORT_POLICY
    return response
