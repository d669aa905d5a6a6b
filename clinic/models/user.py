"""People who sign in."""

import uuid
from typing import ClassVar
from zoneinfo import available_timezones

import pgtrigger
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy


class Role(models.TextChoices):
    """What a person may do: see the access rules in docs/architecture.md. A program is nobody: it has no password."""

    DOCTOR = "doctor", lazy("Doctor")
    ADMINISTRATOR = "administrator", lazy("Administrator")
    AUDITOR = "auditor", lazy("Auditor")
    PROGRAM = "program", lazy("Program")


PEOPLES_ROLES = [Role.DOCTOR, Role.ADMINISTRATOR, Role.AUDITOR]


# What an administrator may do in Django's own admin. No patient's data, now or when models are added there.
ADMINISTRATOR_PERMISSIONS = frozenset({"clinic.view_user"})


def validate_time_zone(name: str) -> None:
    """A name of the IANA's time zone database."""
    if name not in available_timezones():
        raise ValidationError(_("Choose one of the time zones."))


class UserManager(BaseUserManager["User"]):
    """Finds people by the address they sign in with, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in with an email address; deactivated rather than deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Empty: as the browser says.
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, blank=True, default="", db_default="")
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone], blank=True, default="", db_default="")
    # Of a program: the doctor who answers for what it does.
    answered_for_by = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="programs"
    )
    session_epoch = models.PositiveIntegerField(default=0, editable=False)  # raised to end every session at once

    # Only while a request is answered that came with a token for some assays: `visible_to` shows nothing else then.
    only_assays: frozenset[str] | None = None
    # Only while a page or list is read: whom an emergency opens to them at its beginning, so that `visible_to` says it
    # in a form in which the database need not look at every patient of theirs.
    opened_in_emergency: tuple[uuid.UUID, ...] | None = None

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name", "role"]

    class Meta:
        ordering = ["full_name", "id"]
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=models.Q(language__in=["", *(code for code, _name in settings.LANGUAGES)]),
                name="user_language_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    role="program", answered_for_by__isnull=False, password__startswith=UNUSABLE_PASSWORD_PREFIX
                )
                | (~Q(role="program") & Q(answered_for_by__isnull=True)),
                name="user_program_is_answered_for_and_has_no_password",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="person_or_program_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("((OLD.role = 'program') <> (NEW.role = 'program'))"),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def is_doctor(self) -> bool:
        return self.role == Role.DOCTOR

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def is_auditor(self) -> bool:
        return self.role == Role.AUDITOR

    @property
    def is_program(self) -> bool:
        return self.role == Role.PROGRAM

    @property
    def sees_patients(self) -> bool:
        """Those of care teams only: see `Patient.objects.visible_to`."""
        return self.is_active and (self.is_doctor or self.is_program)

    @property
    def is_answered_for(self) -> bool:
        """Whether there is an active doctor to answer for it: a program can do nothing without."""
        doctor = self.answered_for_by
        return bool(doctor and doctor.is_active and doctor.is_doctor)

    @property
    def needs_second_step(self) -> bool:
        """Whether people of this role must bring a second step when they sign in."""
        return self.role in settings.MFA_REQUIRED_ROLES

    @property
    def is_staff(self) -> bool:
        """What Django's admin asks."""
        return self.is_active and self.is_administrator

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002  Django's signature
        """What Django's admin asks. Rights come from the role alone."""
        return self.is_staff and perm in ADMINISTRATOR_PERMISSIONS

    def has_module_perms(self, app_label: str) -> bool:
        """Whether Django's admin lists an app."""
        return any(self.has_perm(perm) for perm in ADMINISTRATOR_PERMISSIONS if perm.startswith(f"{app_label}."))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must have been opened with: it ends when password, role or epoch are not those any more."""
        state = f"{self.password}|{self.role}|{self.session_epoch}"
        return salted_hmac("clinic.session", state, secret=secret, algorithm="sha256").hexdigest()
