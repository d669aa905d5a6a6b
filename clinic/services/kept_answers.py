"""Doing once what is asked for twice: the answer is kept in the transaction of the change, and given again.

A lock of the transaction stands for "this is being worked on": it is gone as soon as the first request is done, or
dead, so that no mark of a crash has to be cleaned up.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from clinic.models import KeptAnswer, Patient, User
from clinic.services import audit

SALT = "clinic.services.kept_answers"


class AlreadyAsked(Exception):
    """The same key was used before in a way that does not fit."""


class InProgress(AlreadyAsked):
    """The first request with this key is still being worked on."""


class AnotherRequest(AlreadyAsked):
    """The key stands for another request."""


class NoLongerAllowed(AlreadyAsked):
    """The person, or the token, may do less than when the answer was given."""


class ToldOnce(AlreadyAsked):
    """It was done; the answer held a secret, which is told once."""


class Hidden(AlreadyAsked):
    """The answer is about patients whom the person does not see any more."""


@dataclass(frozen=True)
class Asked:
    """One request: who asks, by which key, and a digest of all that they ask for."""

    person: User
    key: str
    request_digest: str

    @property
    def key_digest(self) -> str:
        return keyed_digest(f"{self.person.pk} {self.key}".encode())

    @property
    def only_assays(self) -> list[str] | None:
        """What the token that the request came with is limited to."""
        assays: Collection[str] | None = getattr(self.person, "only_assays", None)
        return None if assays is None else sorted(assays)


@dataclass(frozen=True)
class Answer:
    """What was answered. `body` is None where it is not kept."""

    status: int
    location: str
    body: str | None
    patients: Collection[UUID] = ()


def keyed_digest(content: bytes) -> str:
    """A digest that nobody can compare guesses with: what a request says is not to be found out from it."""
    return salted_hmac(SALT, content, algorithm="sha256").hexdigest()


def begin(asked: Asked) -> None:
    """Hold the key until the transaction ends. Raises InProgress when another request holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [asked.key_digest])
        (is_free,) = cursor.fetchone() or (False,)
    if not is_free:
        raise InProgress


def answer_before(asked: Asked) -> Answer | None:
    """The answer that is kept for the key, recorded as a look at its patients. Raises AlreadyAsked when there is one
    which cannot be given; None when there is none (any more)."""
    recent = KeptAnswer.objects.filter(created_at__gt=Now() - settings.IDEMPOTENCY_KEPT)
    kept = recent.filter(person=asked.person, key_digest=asked.key_digest).first()
    if kept is None:
        return None
    if kept.request_digest != asked.request_digest:
        raise AnotherRequest
    if kept.role != asked.person.role or not _reaches(asked.only_assays, kept.only_assays):
        raise NoLongerAllowed
    if kept.body is None:
        raise ToldOnce
    if kept.body:
        _look(asked.person, kept)
    return Answer(status=kept.status, location=kept.location, body=kept.body)


def keep(asked: Asked, answer: Answer) -> None:
    """Keep the answer, in the transaction of what was done."""
    visible = Patient.objects.visible_to(asked.person).filter(pk__in=answer.patients)
    KeptAnswer.objects.filter(person=asked.person, key_digest=asked.key_digest).delete()  # one that is too old
    KeptAnswer.objects.create(
        person=asked.person,
        key_digest=asked.key_digest,
        request_digest=asked.request_digest,
        role=asked.person.role,
        only_assays=asked.only_assays,
        status=answer.status,
        location=answer.location,
        body=answer.body,
        patients=sorted(answer.patients),
        seen_patients=sorted(visible.order_by().values_list("pk", flat=True)),
    )


@transaction.atomic
def forget_old_answers() -> None:
    """Remove what is not given again any more."""
    KeptAnswer.objects.filter(created_at__lte=Now() - settings.IDEMPOTENCY_KEPT).delete()


def forget_answers_about(patients: Collection[UUID]) -> None:
    """Remove what tells anything of these patients; part of erasing their records."""
    KeptAnswer.objects.filter(patients__overlap=list(patients)).delete()


def _reaches(present: list[str] | None, past: list[str] | None) -> bool:
    """Whether a token limited to `present` may have what one limited to `past` was told."""
    return present is None or (past is not None and set(past) <= set(present))


def _look(person: User, kept: KeptAnswer) -> None:
    visible = Patient.objects.visible_to(person).filter(pk__in=kept.seen_patients).order_by()
    if set(visible.values_list("pk", flat=True)) != set(kept.seen_patients):
        raise Hidden
    acts = [audit.Act(action="answer.repeated", subject=kept, patient_id=pk) for pk in kept.seen_patients]
    audit.record_all(actor=person, acts=acts)
