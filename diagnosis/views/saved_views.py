"""Saving a view of the worklist, renaming and deleting it, and bringing a deleted one back."""

from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.views.requests import SignedInRequest, doctors_only
from diagnosis.models import SavedView
from diagnosis.services import saved_views as services
from diagnosis.worklist_forms import FilterForm, ViewNameForm, known_tab


@require_POST
@doctors_only
def saved_view_new(request: SignedInRequest) -> HttpResponse:
    """Keep the filters that stand in the address under the name that was entered."""
    form, filters = ViewNameForm(request.POST), FilterForm(request.GET)
    if not filters.is_valid():
        return _again(request, form, HTTPStatus.BAD_REQUEST)
    chosen = {"tab": known_tab(request.GET.get("tab")).value, **filters.as_address()}
    if form.is_valid():
        try:
            services.save_view(owner=request.user, name=form.cleaned_data["name"], filters=chosen)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The view is saved."))
            return redirect(f"{reverse('diagnosis:worklist')}?{urlencode(chosen)}")
    return _again(request, form, HTTPStatus.BAD_REQUEST)


@require_POST
@doctors_only
def saved_view_rename(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Give a view another name."""
    view, form = _own(request, pk), ViewNameForm(request.POST)
    if form.is_valid():
        try:
            services.rename_view(view=view, renamed_by=request.user, name=form.cleaned_data["name"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _to(view)
    return _again(request, form, HTTPStatus.BAD_REQUEST, view=view)


@require_POST
@doctors_only
def saved_view_delete(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take a view off the list; the page that follows offers to bring it back."""
    view = services.delete_view(view=_own(request, pk), deleted_by=request.user)
    return redirect(f"{reverse('diagnosis:worklist')}?{urlencode({'deleted': view.pk})}")


@require_POST
@doctors_only
def saved_view_restore(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Bring a deleted view back."""
    view = _own(request, pk)
    try:
        services.bring_view_back(view=view, brought_back_by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _to(view)


def _own(request: SignedInRequest, pk: UUID) -> SavedView:
    return get_object_or_404(SavedView, pk=pk, owner=request.user)


def _to(view: SavedView) -> HttpResponse:
    return redirect(f"{reverse('diagnosis:worklist')}?{urlencode(view.filters)}")


def _again(
    request: SignedInRequest, form: ViewNameForm, status: HTTPStatus, *, view: SavedView | None = None
) -> HttpResponse:
    """The form alone, with what was entered and what is wrong with it."""
    context = {"form": form, "view": view, "address": request.GET.urlencode()}
    return render(request, "diagnosis/saved_view.html", context, status=status)
