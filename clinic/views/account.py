"""A person's own account."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clinic.forms import PasswordForm
from clinic.forms_preferences import PreferencesForm
from clinic.locality import browser_zone
from clinic.selectors.second_step import second_step_of
from clinic.services.people import change_password
from clinic.services.preferences import choose_language_and_zone
from clinic.services.sessions import sign_out_everywhere
from clinic.views.requests import SignedInRequest


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: SignedInRequest) -> HttpResponse:
    """Who is signed in, and a form to change the password. Other sessions of the person end with the old password."""
    form = PasswordForm(request.POST or None, person=request.user)
    if form.is_valid():
        try:
            change_password(person=request.user, password=form.cleaned_data["new_password"])
        except ValidationError as error:
            form.add_error("new_password", error)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Your password is changed. Everywhere else you are signed out."))
            return redirect("clinic:account")
    return _shown(request, form=form, preferences_form=_preferences(request))


@require_POST
def preferences(request: SignedInRequest) -> HttpResponse:
    """In which language and time zone the person reads."""
    form = _preferences(request, request.POST)
    if not form.is_valid():
        return _shown(request, form=PasswordForm(person=request.user), preferences_form=form)
    choose_language_and_zone(person=request.user, **form.cleaned_data)
    with translation.override(form.cleaned_data["language"] or translation.get_language_from_request(request)):
        messages.success(request, _("Language and time zone are set."))
    return redirect("clinic:account")


@require_POST
def everywhere(request: SignedInRequest) -> HttpResponse:
    """End all of the person's sessions and tokens, this session too."""
    sign_out_everywhere(person=request.user)
    logout(request)
    return redirect("clinic:sign_in")


def _preferences(request: SignedInRequest, entered: QueryDict | None = None) -> PreferencesForm:
    return PreferencesForm(entered, person=request.user, browser_zone=browser_zone(request))


def _shown(request: SignedInRequest, *, form: PasswordForm, preferences_form: PreferencesForm) -> HttpResponse:
    context = {"form": form, "preferences_form": preferences_form, "second_step": second_step_of(request.user)}
    is_refused = bool(form.errors or preferences_form.errors)
    return render(request, "clinic/account.html", context, status=400 if is_refused else 200)
