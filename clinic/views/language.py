"""The language of pages before anybody has signed in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from django.views.i18n import set_language


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Remember the chosen language in this browser, and go back to where it was chosen."""
    return set_language(request)
