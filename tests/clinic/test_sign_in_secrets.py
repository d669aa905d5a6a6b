"""Nobody learns from the sign-in which addresses have accounts: not by words, not by status, not by work done."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from clinic.models import Role, User
from clinic.services.invitations import invite_person
from tests.factories import PASSWORD, UserFactory

CASES = ("unknown", "wrong", "deactivated", "invited")


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def entries(owner: User, administrator: User) -> dict[str, tuple[str, str]]:
    """Address and password of everybody who must be refused alike."""
    gone = UserFactory.create(is_active=False)
    invite_person(email="invited@x.example", full_name="I", role=Role.DOCTOR, invited_by=administrator)
    return {
        "unknown": ("nobody@x.example", PASSWORD),
        "wrong": (owner.email, "wrong"),
        "deactivated": (gone.email, PASSWORD),
        "invited": ("invited@x.example", PASSWORD),
    }


def on_the_page(email: str, password: str) -> tuple[int, str]:
    answer = Client().post("/sign-in/", {"username": email, "password": password})
    return answer.status_code, answer.content.decode().split("form-errors")[-1].split("notice-fault")[1][:300]


def by_the_api(email: str, password: str) -> tuple[int, str]:
    answer = APIClient().post("/api/v1/tokens/", {"email": email, "password": password})
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("way", [on_the_page, by_the_api])
def test_all_are_told_the_same(entries: dict[str, tuple[str, str]], way: Callable[[str, str], tuple[int, str]]) -> None:
    assert len({way(*entries[case]) for case in CASES}) == 1


@pytest.mark.parametrize("way", [on_the_page, by_the_api])
@pytest.mark.parametrize("case", CASES)
def test_each_costs_one_hash(entries: dict[str, tuple[str, str]], way: Callable[[str, str], object], case: str) -> None:
    """Hashing is what takes time: one more or less of it could be measured from outside."""
    with patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as hashed:
        way(*entries[case])
    assert hashed.call_count == 1


@pytest.mark.parametrize("way", [on_the_page, by_the_api])
def test_each_costs_as_many_statements(entries: dict[str, tuple[str, str]], way: Callable[[str, str], object]) -> None:
    def statements(case: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            way(*entries[case])
        return len(queries)

    statements("unknown")  # fills caches
    assert len({statements(case) for case in CASES}) == 1


def test_asking_for_a_reset_link_is_answered_alike_and_costs_alike(
    entries: dict[str, tuple[str, str]], owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    def ask(email: str) -> tuple[object, ...]:
        with (
            patch("clinic.services.reset_links.current_app.send_task") as sent,
            django_capture_on_commit_callbacks(execute=True),
            CaptureQueriesContext(connection) as queries,
        ):
            answer = Client().post("/password/", {"email": email})
        (arguments,) = sent.call_args.kwargs["args"]
        return answer.status_code, answer["Location"], len(queries), sent.call_count, len(arguments)

    ask("first@x.example")  # fills caches
    assert len({ask(email) for email, _ in entries.values()}) == 1


def test_the_message_to_the_worker_holds_no_address(owner: User, django_capture_on_commit_callbacks: Any) -> None:
    with (
        patch("clinic.services.reset_links.current_app.send_task") as sent,
        django_capture_on_commit_callbacks(execute=True),
    ):
        Client().post("/password/", {"email": owner.email})
    assert sent.call_args.kwargs == {"args": [str(owner.pk)]}
    assert owner.email not in str(sent.call_args)
