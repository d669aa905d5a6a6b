"""How often someone may try to sign in, without an outsider being able to lock anybody out.

Failed tries are counted for a known browser alone; from elsewhere for account and address together, for the address,
and for the account. The counts live in the database's cache, and whoever counts holds locks of the database on them,
so tries that arrive at once at different web processes are counted exactly.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

IPV6_PREFIX = 64  # what one household or office has
KEY_LENGTH = 32  # hexadecimal digits: 128 bits


@dataclass(frozen=True)
class Place:
    """Where a try comes from: the network address, and the known browser if it is one."""

    address: str | None
    device: str | None = None


@dataclass(frozen=True)
class Count:
    """One count of failed tries, and how far it may go."""

    limit: str
    key: str
    most: int
    seconds: int


class TooManyTries(Exception):
    """This place must wait before the next try for this account."""

    def __init__(self, count: Count, wait: int) -> None:
        super().__init__(_in_words(wait))
        self.limit = count.limit
        self.wait = wait
        self.is_first = cache.add(f"{count.key}:told", True, timeout=count.seconds)


@dataclass(frozen=True)
class Taken:
    """A try that is counted as failed until it is given back."""

    counts: Sequence[Count]
    at: float

    def give_back(self) -> None:
        """The try was none of the failed ones."""
        with locked(*(count.key for count in self.counts)):
            for count in self.counts:
                history = [moment for moment in cache.get(count.key, []) if moment != self.at]
                cache.set(count.key, history, count.seconds)


def account_key(email: str) -> str:
    """What an account is counted under, whether it exists or not: tells nobody the address."""
    return salted_hmac("clinic.sign_in", email.strip().lower(), algorithm="sha256").hexdigest()[:KEY_LENGTH]


def take(*, email: str, place: Place) -> Taken:
    """Count one try; raises TooManyTries, and counts nothing, when one of the counts is full."""
    counts = _counts(account_key(email), place)
    now = time.time()
    with locked(*(count.key for count in counts)):
        histories = {count: [at for at in cache.get(count.key, []) if at > now - count.seconds] for count in counts}
        # A full count has room again when the oldest try that fills it is too old to count.
        waits = {count: tries[count.most - 1] + count.seconds - now for count, tries in histories.items()
                 if len(tries) >= count.most}  # fmt: skip
        if not waits:
            for count, tries in histories.items():
                cache.set(count.key, [now, *tries], count.seconds)
            return Taken(counts, now)
    longest = max(waits, key=lambda count: waits[count])
    raise TooManyTries(longest, wait=max(1, round(waits[longest])))


def has_room(name: str, email: str, limit: tuple[int, int]) -> bool:
    """Count one act for an account, such as a mail; False when that has been done often enough for now."""
    most, seconds = limit
    key = f"{name}:{account_key(email)}"
    now = time.time()
    with locked(key):
        history = [at for at in cache.get(key, []) if at > now - seconds]
        if len(history) >= most:
            return False
        cache.set(key, [now, *history], seconds)
    return True


def know_address(*, email: str, address: str | None) -> None:
    """The person has signed in from this address: tries from elsewhere never count against it."""
    cache.set(_known_key(account_key(email), address), True, settings.KNOWN_FOR.total_seconds())


def _counts(account: str, place: Place) -> list[Count]:
    if place.device:
        return [_count("device", place.device)]
    network = network_of(place.address)
    counts = [_count("account_and_address", account, network), _count("address", network)]
    if not cache.get(_known_key(account, place.address)):
        counts.append(_count("account", account))
    return counts


def _count(limit: str, *parts: str) -> Count:
    most, seconds = settings.SIGN_IN_LIMITS[limit]
    return Count(limit, ":".join(["sign_in", limit, *parts]), most, seconds)


def _known_key(account: str, address: str | None) -> str:
    return f"sign_in:known:{account}:{network_of(address)}"


def network_of(address: str | None) -> str:
    """The address, or what one household or office has of them."""
    if address and isinstance(ip_address(address), IPv6Address):
        return str(ip_network(f"{address}/{IPV6_PREFIX}", strict=False).network_address)
    return str(address)


@contextmanager
def locked(*keys: str) -> Iterator[None]:
    """A short transaction that holds the database's locks on `keys`, always taken in the same order."""
    with transaction.atomic(), connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        yield


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many tries. Please wait a minute and try again.",
        "Too many tries. Please wait %(minutes)s minutes and try again.",
        minutes,
    ) % {"minutes": minutes}
