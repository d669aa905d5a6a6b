"""Following an id through mergings."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from clinic.models import Patient, User


def lives_on_in(*, patient_id: UUID, user: User | AnonymousUser) -> Patient | None:
    """The record that a merged one lives on in, if the person may see it. None for any other id."""
    seen: set[UUID] = set()
    current = Patient.objects.filter(pk=patient_id, merged_into__isnull=False).first()
    while current and current.merged_into_id and current.pk not in seen:
        seen.add(current.pk)
        current = Patient.objects.get(pk=current.merged_into_id)
    return Patient.objects.visible_to(user).filter(pk=current.pk).first() if current else None


def ids_of_record(patient_id: UUID) -> list[UUID]:
    """The id, and those of all records merged into it: the trail of one record may stand under any of them."""
    ids, newest = [patient_id], [patient_id]
    while newest:
        newest = list(Patient.objects.filter(merged_into__in=newest).exclude(pk__in=ids).values_list("pk", flat=True))
        ids += newest
    return ids
