"""A person's tokens for the REST API."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.forms_access import ApiTokenForm
from clinic.models import ApiToken
from clinic.selectors.api_tokens import tokens_of
from clinic.services.tokens import issue_token, revoke_token
from clinic.views.requests import SignedInRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_tokens(request: SignedInRequest) -> HttpResponse:
    """The tokens that are good, and a form for a new one. Its text is on this one answer and nowhere else."""
    form = ApiTokenForm(request.POST or None, person=request.user)
    issued = None
    if form.is_valid():
        issued = issue_token(person=request.user, **form.wanted())
        form = ApiTokenForm(person=request.user)
    context = {"form": form, "issued": issued, "tokens": tokens_of(request.user)}
    return render(request, "clinic/api_tokens.html", context, status=400 if form.errors else 200)


@require_POST
def api_token_revoke(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Make one of one's own tokens worthless."""
    token = get_object_or_404(ApiToken.objects.filter(user=request.user), public_id=pk)
    revoke_token(token=token, revoked_by=request.user)
    messages.success(request, _("The token is revoked."))
    return redirect("clinic:api_tokens")
