"""Which passwords are taken: long ones of any kind."""

from collections.abc import Callable

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from rest_framework.test import APIClient

from clinic.models import User
from tests.factories import PASSWORD

LONG = "a sentence that somebody thought of while waiting for the last bus"[:64]
UNICODE = "жш漢🙂é" * 200


@pytest.mark.parametrize(
    "password",
    [
        "letters only in here",
        "ALL CAPITALS IN HERE",
        "843902175566",
        "twelve chars",
        "ünïcödé-wörter",
        LONG,
        LONG * 2,
        UNICODE,
    ],
    ids=lambda password: f"{len(password)} characters",
)
def test_there_are_no_rules_of_composition_and_no_short_limit(password: str) -> None:
    validate_password(password, User(email="a@b.example", full_name="Ada Example"))


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("elevenchars", "at least 12 characters"),
        ("qwertyqwerty", "too common"),
        ("administrator", "too common"),
        ("Password2026!", "too easy to guess"),
        ("...sunshine123", "too easy to guess"),
        ("aaaaaaaaaaaaaa", "too easy to guess"),
        ("abcabcabcabca", "too easy to guess"),
        ("olivia.owner@clinic", "too similar"),
        ("has a null \x00 inside", "null character"),
    ],
)
def test_short_common_and_own_ones_are_refused(password: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validate_password(password, User(email="olivia.owner@clinic.example", full_name="Olivia Owner"))


@pytest.mark.parametrize("password", [LONG, LONG * 2, UNICODE], ids=["64", "128", "1000 of any script"])
def test_a_long_one_signs_in_on_the_page_and_by_the_api(
    web: Callable[[str], Client], owner: User, password: str
) -> None:
    entries = {"old_password": PASSWORD, "new_password": password, "repeated": password}
    assert web("owner").post("/account/", entries)["Location"] == "/account/"
    owner.refresh_from_db()
    assert owner.check_password(password)
    assert Client().post("/sign-in/", {"username": owner.email, "password": password}).status_code == 302
    assert APIClient().post("/api/v1/tokens/", {"email": owner.email, "password": password}).status_code == 201


def test_a_null_character_is_refused_in_plain_words(client: Client, owner: User) -> None:
    answer = client.post("/sign-in/", {"username": owner.email, "password": "a\x00b"})
    assert answer.status_code == 400
    assert "Null characters are not allowed." in answer.content.decode()


def test_one_that_is_a_book_is_refused_before_it_is_hashed(client: Client, owner: User) -> None:
    answer = client.post("/sign-in/", {"username": owner.email, "password": "a" * 5000})
    assert answer.status_code == 400
    assert "at most 4096 characters" in answer.content.decode()
