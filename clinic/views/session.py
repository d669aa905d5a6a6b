"""How long the session still lasts, for the page that blanks itself."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.session_limits import does_not_prolong, seconds_left


@login_not_required
@does_not_prolong
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """GET asks, and prolongs nothing. POST says that the person is at work on the page, which does."""
    left = seconds_left(request.session) if request.user.is_authenticated else 0
    return JsonResponse({"seconds_left": left})
