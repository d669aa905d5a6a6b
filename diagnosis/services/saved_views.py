"""Saving views of the worklist. Only their owner sees and changes them; the trail holds no name of one."""

from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit
from diagnosis.models import SavedView

MOST_VIEWS = 30
KEPT = ("tab", "assay", "urgency", "verdict", "model", "since", "until")


@transaction.atomic
def save_view(*, owner: User, name: str, filters: Mapping[str, str]) -> SavedView:
    """Keep a tab with its filters under a name. ValidationError when the name is taken, or there are too many."""
    _lock(owner)
    if SavedView.objects.filter(owner=owner, deleted_at=None).count() >= MOST_VIEWS:
        raise ValidationError(_("You have %(number)s saved views already. Delete one first.") % {"number": MOST_VIEWS})
    view = SavedView(owner=owner, name=name, filters={key: filters[key] for key in KEPT if filters.get(key)})
    _store(view)
    audit.record(actor=owner, action="saved_view.saved", subject=view)
    return view


@transaction.atomic
def rename_view(*, view: SavedView, renamed_by: User, name: str) -> SavedView:
    """Give it another name. Raises ValidationError when another of the person's views has it."""
    current = _own(view.pk, renamed_by)
    current.name = name
    _store(current)
    audit.record(actor=renamed_by, action="saved_view.renamed", subject=current)
    return current


@transaction.atomic
def delete_view(*, view: SavedView, deleted_by: User) -> SavedView:
    """Take it off the list. It can be brought back until the next one is deleted."""
    current = _own(view.pk, deleted_by)
    SavedView.objects.filter(owner=deleted_by, deleted_at__isnull=False).exclude(pk=current.pk).delete()
    if current.deleted_at is None:
        current.deleted_at = timezone.now()
        current.save(update_fields=["deleted_at"])
        audit.record(actor=deleted_by, action="saved_view.deleted", subject=current)
    return current


@transaction.atomic
def bring_view_back(*, view: SavedView, brought_back_by: User) -> SavedView:
    """Undo a deletion. Raises ValidationError when a new view has taken the name."""
    current = _own(view.pk, brought_back_by)
    if current.deleted_at is not None:
        current.deleted_at = None
        _store(current)
        audit.record(actor=brought_back_by, action="saved_view.brought_back", subject=current)
    return current


def _own(pk: UUID, person: User) -> SavedView:
    _lock(person)
    view = SavedView.objects.filter(pk=pk, owner=person).first()
    if view is None:
        raise PermissionDenied
    return view


def _lock(owner: User) -> None:
    """One change of a person's views at a time: two tabs must not save the same name."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)


def _store(view: SavedView) -> None:
    view.name = " ".join(view.name.split())
    view.full_clean(exclude={"filters"}, validate_constraints=False)
    taken = SavedView.objects.filter(owner=view.owner, name__iexact=view.name, deleted_at=None).exclude(pk=view.pk)
    if view.deleted_at is None and taken.exists():
        raise ValidationError({"name": _("You have a view of this name already.")})
    view.save()
