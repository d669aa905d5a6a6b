"""Who gets what: every address and every method of the project, for everybody. The table is in `rows.py`."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import resolve

from tests.access.asking import address, ask, told
from tests.access.rows import GROUPS, METHODS, PEOPLE, ROWS, TOKENS, Row
from tests.access.world import World
from tests.addresses import every_address

pytestmark = pytest.mark.django_db
REFUSED = {401, 403, 404, 405}
CHANGES_BY_ITSELF = {"X-Request-ID", "Date", "Expires"}
SEEN_BY_OTHERS = {
    "person",
    "program",
    "model",
    "erasure",
    "evaluation",
    "proposal",
    "test_set",
    "reanalysis",
}  # by everybody, by administrators: they hold no patient's data
# A method that no view offers is refused before rights are looked at: nobody, who may and who may not each try it.
ASKS_FOR_WHAT_IS_NOT_OFFERED = {"anonymous", "owner", "stranger"}
HIDDEN_FROM = [person for person in PEOPLE if person not in {*GROUPS["seeing"], *TOKENS}]


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    """A new address fails here until `rows.py` says who may use it."""
    assert {row.name for row in ROWS} == {one.name or one.path for one in every_address({})}


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_gives_each_person_what_the_table_says(world: World, row: Row, person: str) -> None:
    """And where the thing is hidden from the person: byte for byte what a thing that does not exist gives."""
    asked = [method for method in METHODS if row.offers(method) or person in ASKS_FOR_WHAT_IS_NOT_OFFERED]
    answers = {method: ask(world, row, person, method, world.ids) for method in asked}
    wrong = {
        method: f"{told(answer)}, not {row.expected(method, person)}"
        for method, answer in answers.items()
        if not fits(told(answer), row.expected(method, person), method)
    }
    assert not wrong
    if row.of and row.of not in SEEN_BY_OTHERS and person in HIDDEN_FROM:
        missing = {name: uuid4() for name in world.ids}
        for method, answer in answers.items():
            absent = ask(world, row, person, method, missing)
            assert seen(answer, world.ids) == seen(absent, missing), f"{method} tells that it exists"


def test_the_rows_of_things_have_their_ids_in_the_address(world: World) -> None:
    for row in ROWS:
        kwargs = resolve(address(row, world.ids)).kwargs
        assert bool(row.of) == any(isinstance(value, UUID) for value in kwargs.values()), row


def fits(status: str, expected: str, method: str) -> bool:
    if expected != "refused":
        return status in expected.split("|")
    return status == "sign-in" or int(status) in REFUSED or (method == "OPTIONS" and status == "200")


def seen(answer: Any, ids: dict[str, UUID]) -> tuple[object, ...]:
    """All that the asker learns, but for what they asked with and what differs by itself."""
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGES_BY_ITSELF}
    text = repr((answer.status_code, answer.content, headers, sorted(answer.cookies)))
    for value in ids.values():
        text = text.replace(str(value), "ID")
    return (re.sub(r"nonce-[\w+/=-]+|nonce=\"[^\"]*\"", "NONCE", text),)
