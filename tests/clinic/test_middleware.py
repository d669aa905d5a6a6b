"""Where a request came from: what our own proxies saw, never what the client claims."""

import pytest
from django.test import Client
from pytest_django import Settings

from clinic.models import AuditEvent, User
from tests.factories import PASSWORD


def address_noted(client: Client, owner: User, forwarded: str) -> str | None:
    client.post("/sign-in/", {"username": owner.email, "password": PASSWORD}, headers={"X-Forwarded-For": forwarded})
    return AuditEvent.objects.get(action="person.signed_in").address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "noted"),
    [
        (0, "192.0.2.66", "127.0.0.1"),
        (1, "192.0.2.66", "192.0.2.66"),
        (1, "192.0.2.1, 192.0.2.66", "192.0.2.66"),
        (2, "192.0.2.1, 192.0.2.66, 192.0.2.7", "192.0.2.66"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "'; drop table", None),
        (1, "", None),
    ],
)
def test_only_our_own_proxies_are_believed(
    client: Client, owner: User, settings: Settings, proxies: int, forwarded: str, noted: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address_noted(client, owner, forwarded) == noted
