"""Reading saved views of the worklist: everybody sees their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from clinic.models import User
from diagnosis.models import SavedView


@dataclass(frozen=True)
class NamedView:
    """A saved view, and what leads to it in the worklist's address."""

    view: SavedView
    address: str


def saved_views(person: User) -> Sequence[NamedView]:
    """A doctor's saved views, by name."""
    views = SavedView.objects.filter(owner=person, deleted_at=None)
    return [NamedView(one, urlencode(one.filters)) for one in views]


def deleted_view(person: User, pk: str) -> SavedView | None:
    """A view of the person's that can still be brought back."""
    try:
        wanted = UUID(pk)
    except ValueError:
        return None
    return SavedView.objects.filter(owner=person, pk=wanted, deleted_at__isnull=False).first()
