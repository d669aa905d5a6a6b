"""A challenge for a person's passkeys."""

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.accounts.confirming import begin_passkey, has_passkey
from clinic.views.requests import SignedInRequest


@never_cache
@require_POST
def passkey_challenge(request: SignedInRequest) -> HttpResponse:
    """What the browser asks the passkey, when the person wants to confirm something by it; 404 without a passkey."""
    if not has_passkey(request):
        raise Http404
    return JsonResponse(begin_passkey(request))
