"""Whether people have what their second step needs."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef

from clinic.models import User

Kind = Authenticator.Type
STEPS = (Kind.TOTP, Kind.WEBAUTHN)  # recovery codes only stand in for one of these
SET_UP_FIRST = "Your role asks for a second step when you sign in. Set it up on the pages first."


@dataclass(frozen=True)
class SecondStep:
    """What a person has set up."""

    has_app: bool
    passkeys: int
    codes_left: int

    @property
    def is_set_up(self) -> bool:
        return self.has_app or self.passkeys > 0


def has_second_step() -> Exists:
    """For a query of people: whether each has one."""
    return Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=STEPS))


def is_set_up(person: User) -> bool:
    """Whether the person is asked for a second step when they sign in."""
    found: bool = Authenticator.objects.filter(user=person, type__in=STEPS).exists()
    return found


def must_enrol(person: User) -> bool:
    """Whether the person must set one up before anything else."""
    return person.needs_second_step and not is_set_up(person)


def second_step_of(person: User) -> SecondStep:
    """What the person has set up."""
    steps = list(Authenticator.objects.filter(user=person))
    codes = next((step for step in steps if step.type == Kind.RECOVERY_CODES), None)
    return SecondStep(
        has_app=any(step.type == Kind.TOTP for step in steps),
        passkeys=sum(step.type == Kind.WEBAUTHN for step in steps),
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
    )
