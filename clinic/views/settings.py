"""The settings that the site runs with, for its administrators, to read: changing them is the server's business."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.selectors.settings_now import settings_now
from clinic.views.requests import SignedInRequest, administrators_only


@never_cache
@require_safe
@administrators_only
def settings_page(request: SignedInRequest) -> HttpResponse:
    """Each setting: its value now, what it is for, and where it was set."""
    return render(request, "clinic/settings.html", {"groups": settings_now()})
