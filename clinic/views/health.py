"""Whether this process lives, and whether the site can do its work. Open to all, and says nothing else."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.services.readiness import readiness


@login_not_required
@never_cache
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """Database, broker and storage answer, and a worker gets things done; else the part that does not, by name."""
    found = readiness()
    parts = {name: problem or "ready" for name, problem in found.parts.items()}
    document = {"status": "ready" if found.is_ready else "not ready", "parts": parts}
    return JsonResponse(document, status=200 if found.is_ready else 503)
