"""Saved views of the worklist."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from clinic.models import AuditEvent, User
from diagnosis.models import SavedView
from diagnosis.services import saved_views as services
from diagnosis.services.saved_views import bring_view_back, delete_view, rename_view, save_view
from tests.at_once import at_once
from tests.factories import UserFactory

NEW = "/worklist/views/"


@pytest.fixture
def view(owner: User) -> SavedView:
    return save_view(owner=owner, name="Night shift", filters={"tab": "failed", "urgency": "urgent"})


def names(person: User) -> list[str]:
    return [view.name for view in SavedView.objects.filter(owner=person, deleted_at=None)]


def test_it_keeps_tab_and_filters_and_leads_back_to_them(owner_client: Client, owner: User) -> None:
    answer = owner_client.post(f"{NEW}?tab=mine&urgency=urgent&since=2026-01-01", {"name": "  Night   shift "})
    assert answer["Location"] == "/worklist/?tab=mine&urgency=urgent&since=2026-01-01"
    assert names(owner) == ["Night shift"]
    page = owner_client.get(answer["Location"]).content.decode()
    assert "Night shift" in page
    assert "/worklist/?tab=mine&amp;urgency=urgent&amp;since=2026-01-01" in page


def test_it_never_keeps_what_was_searched_for(owner_client: Client, owner: User) -> None:
    owner_client.post(f"{NEW}?tab=mine&query=Holmberg", {"name": "One", "query": "Holmberg"})
    assert SavedView.objects.get().filters == {"tab": "mine"}
    save_view(owner=owner, name="Two", filters={"tab": "mine", "query": "Holmberg"})
    assert not SavedView.objects.filter(filters__has_key="query").exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "night SHIFT"])
@pytest.mark.usefixtures("view")
def test_an_unfit_name_is_said_and_what_was_entered_stays(owner_client: Client, owner: User, name: str) -> None:
    answer = owner_client.post(f"{NEW}?tab=mine&urgency=urgent", {"name": name})
    assert answer.status_code == 400
    assert "urgency=urgent" in answer.content.decode()
    assert name in answer.content.decode()
    assert names(owner) == ["Night shift"]


def test_filters_that_are_none_are_not_kept(owner_client: Client, owner: User) -> None:
    assert owner_client.post(f"{NEW}?urgency=now", {"name": "One"}).status_code == 400
    assert names(owner) == []


def test_there_is_an_end_to_them(owner: User, view: SavedView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_VIEWS", 1)
    with pytest.raises(ValidationError, match="Delete one first"):
        save_view(owner=owner, name="Another", filters={})


def test_it_is_renamed(owner_client: Client, owner: User, view: SavedView) -> None:
    assert owner_client.post(f"{NEW}{view.pk}/rename/", {"name": "Day"})["Location"].startswith("/worklist/?tab=failed")
    assert names(owner) == ["Day"]
    assert owner_client.post(f"{NEW}{view.pk}/rename/", {"name": ""}).status_code == 400


def test_deleting_can_be_undone(owner_client: Client, owner: User, view: SavedView) -> None:
    page = owner_client.post(f"{NEW}{view.pk}/delete/", follow=True).content.decode()
    assert names(owner) == []
    assert f"{NEW}{view.pk}/restore/" in page
    for _ in range(2):  # a double click
        owner_client.post(f"{NEW}{view.pk}/restore/")
    assert names(owner) == ["Night shift"]


def test_what_was_deleted_does_not_push_out_a_new_one_of_its_name(owner_client: Client, view: SavedView) -> None:
    owner_client.post(f"{NEW}{view.pk}/delete/")
    save_view(owner=view.owner, name="Night shift", filters={})
    page = owner_client.post(f"{NEW}{view.pk}/restore/", follow=True).content.decode()
    assert "You have a view of this name already." in page
    assert names(view.owner) == ["Night shift"]


def test_only_the_last_deleted_one_is_kept(owner: User, view: SavedView) -> None:
    other = save_view(owner=owner, name="Other", filters={})
    delete_view(view=view, deleted_by=owner)
    delete_view(view=other, deleted_by=owner)
    assert list(SavedView.objects.all()) == [other]


def test_nobody_else_sees_or_changes_it(web: Callable[[str], Client], view: SavedView, stranger: User) -> None:
    assert "Night shift" not in web("stranger").get("/worklist/").content.decode()
    for act in ("rename", "delete", "restore"):
        assert web("stranger").post(f"{NEW}{view.pk}/{act}/", {"name": "Mine"}).status_code == 404
    assert "Night shift" not in web("stranger").get(f"/worklist/?deleted={view.pk}").content.decode()
    changes: list[Callable[[], Any]] = [
        lambda: rename_view(view=view, renamed_by=stranger, name="Mine"),
        lambda: delete_view(view=view, deleted_by=stranger),
        lambda: bring_view_back(view=view, brought_back_by=stranger),
    ]
    for change in changes:
        with pytest.raises(PermissionDenied):
            change()


def test_the_trail_says_what_was_done_and_names_nothing(owner: User, view: SavedView) -> None:
    rename_view(view=view, renamed_by=owner, name="Day")
    delete_view(view=view, deleted_by=owner)
    bring_view_back(view=view, brought_back_by=owner)
    events = AuditEvent.objects.filter(subject_id=str(view.pk)).order_by("id")
    assert [event.action.partition(".")[2] for event in events] == ["saved", "renamed", "deleted", "brought_back"]
    assert not any("Day" in str(event.detail) or "Night" in str(event.detail) for event in events)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_make_one_view(transactional_db: None) -> None:
    owner = UserFactory.create()
    act = lambda: save_view(owner=owner, name="One", filters={})  # noqa: E731
    outcomes = at_once(act, act)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["SavedView", "ValidationError"]
