"""How many requests a minute are answered."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic.models import RequestCount, User
from clinic.services.request_counts import count_request
from clinic.services.tokens import issue_token

Api = Callable[[str], APIClient]
ADDRESS = "/api/v1/patients/"


@pytest.fixture
def _three(settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = settings.API_REQUESTS_PER_MINUTE_ANONYMOUS = 3


def one_minute(ask: Callable[[], int], times: int) -> list[int]:
    """Statuses within one minute: a minute that ended between two of them begins again."""
    while True:
        RequestCount.objects.all().delete()
        answers = [ask() for _ in range(times)]
        if RequestCount.objects.get().count == times:
            return answers


@pytest.mark.usefixtures("_three")
def test_the_fourth_request_of_a_token_waits_for_the_next_minute(api: Api, owner: User) -> None:
    client = api("owner")
    assert one_minute(lambda: client.get(ADDRESS).status_code, 4) == [200, 200, 200, 429]
    answer = client.get(ADDRESS)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 60


@pytest.mark.usefixtures("_three")
def test_another_token_of_the_same_person_is_not_held_up(api: Api, owner: User) -> None:
    busy, other = api("owner"), api("owner")
    assert one_minute(lambda: busy.get(ADDRESS).status_code, 4)[-1] == 429
    assert other.get(ADDRESS).status_code == 200


@pytest.mark.usefixtures("_three")
def test_it_goes_on_in_the_next_minute(api: Api, owner: User) -> None:
    client = api("owner")
    assert one_minute(lambda: client.get(ADDRESS).status_code, 4)[-1] == 429
    RequestCount.objects.update(minute=1)
    assert client.get(ADDRESS).status_code == 200


@pytest.mark.usefixtures("_three")
@pytest.mark.parametrize("header", [{}, {"Authorization": "Token nonsense"}])
def test_without_a_good_token_the_address_is_counted(db: None, header: dict[str, str]) -> None:
    """Whoever tries tokens is stopped like whoever brings none."""
    client = APIClient(headers=header)
    assert one_minute(lambda: client.get(ADDRESS).status_code, 4) == [401, 401, 401, 429]
    assert APIClient(headers=header, REMOTE_ADDR="10.0.0.1").get(ADDRESS).status_code == 401


@pytest.mark.usefixtures("_three")
def test_the_schema_is_not_drawn_without_end(db: None) -> None:
    for number in range(4):
        count_request("address:127.0.0.1")
        RequestCount.objects.update(count=number + 3)
    assert APIClient().get("/api/v1/schema/").status_code == 429


@pytest.mark.usefixtures("_three")
def test_a_browser_is_counted_by_its_person(owner: User) -> None:
    browser = APIClient()
    browser.force_login(owner)
    assert one_minute(lambda: browser.get(ADDRESS).status_code, 4)[-1] == 429


def test_two_hundred_images_looked_at_every_two_seconds_fit(settings: Settings) -> None:
    assert settings.API_REQUESTS_PER_MINUTE >= 200 * 30 * 1.2


def test_who_has_not_come_for_long_is_forgotten(owner: User) -> None:
    RequestCount.objects.create(key="address:10.0.0.1", minute=1, count=5)
    count_request("address:10.0.0.2")
    assert [one.key for one in RequestCount.objects.all()] == ["address:10.0.0.2"]


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_are_counted_exactly() -> None:
    def count(_: int) -> int:
        counted = count_request("token:x").count
        connection.close()
        return counted

    with ThreadPoolExecutor(8) as at_once:
        counted = sorted(at_once.map(count, range(40)))
    assert counted == list(range(1, 41)) or counted.count(1) == 2  # a minute may end between two of them


def test_the_table_of_counts_waits_for_no_disk(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'clinic_requestcount'")
        assert cursor.fetchone() == ("u",)


def test_a_token_is_counted_by_an_id_that_opens_nothing(owner: User, api: Api) -> None:
    token = issue_token(person=owner)
    APIClient(headers={"Authorization": f"Token {token.text}"}).get(ADDRESS)
    assert RequestCount.objects.get().key == f"token:{token.token.public_id}"
