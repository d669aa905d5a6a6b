"""The first page after signing in: where a person's work is."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clinic.models import Role
from clinic.views.requests import SignedInRequest


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Doctors go to their worklist, administrators to the models; auditors read what they can do."""
    if request.user.role == Role.DOCTOR:
        return redirect("diagnosis:worklist")
    if request.user.role == Role.ADMINISTRATOR:
        return redirect("diagnosis:models")
    return render(request, "clinic/auditor_home.html")
