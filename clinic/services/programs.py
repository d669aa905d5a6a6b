"""Accounts of programs: they have no password, and a doctor answers for each."""

import uuid

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import Role, User
from clinic.services import audit
from clinic.services.permissions import administrators_only

NO_MAIL = "programs.invalid"  # a domain that can never be: nothing is sent there


@transaction.atomic
def create_program(*, name: str, answered_for_by: User, created_by: User) -> User:
    """Add a program. It sees the patients of the care teams that doctors put it on, with tokens made for it.

    Raises ValidationError when the name is unfit or taken, or when it is no active doctor who answers.
    """
    administrators_only(created_by)
    doctor = _active_doctor(answered_for_by)
    program = User(full_name=name.strip(), role=Role.PROGRAM, answered_for_by=doctor)
    program.email = f"{uuid.uuid4().hex}@{NO_MAIL}"
    program.set_unusable_password()
    program.full_clean(exclude=["password"])
    # Locked is the doctor: two clicks at once make one program.
    if User.objects.filter(role=Role.PROGRAM, is_active=True, full_name=program.full_name).exists():
        raise ValidationError({"full_name": _("There is a program of this name already.")})
    program.save()
    audit.record(actor=created_by, action="program.created", subject=program, answered_for_by=str(doctor.pk))
    return program


@transaction.atomic
def let_answer(*, program: User, doctor: User, changed_by: User) -> User:
    """Another doctor answers for the program from now on. Patients that it registered before stay with their teams."""
    administrators_only(changed_by)
    new = _active_doctor(doctor)
    current = User.objects.select_for_update(no_key=True).get(pk=program.pk, role=Role.PROGRAM)
    before, current.answered_for_by = current.answered_for_by_id, new
    if before != new.pk:
        current.save(update_fields=["answered_for_by"])
        audit.record(
            actor=changed_by,
            action="program.answered_for_by_another",
            subject=current,
            before=str(before),
            after=str(new.pk),
        )
    return current


def _active_doctor(person: User) -> User:
    """The doctor's row, locked. ValidationError when it is none."""
    current = User.objects.select_for_update(no_key=True).filter(pk=person.pk, is_active=True, role=Role.DOCTOR).first()
    if current is None:
        raise ValidationError({"answered_for_by": _("Choose an active doctor.")})
    return current
