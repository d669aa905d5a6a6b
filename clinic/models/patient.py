"""Patients."""

import uuid
from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as lazy

from clinic.models.user import User


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User | AnonymousUser) -> "PatientQuerySet":
        """The patients whose care team `user` is on, or whom an emergency opens to them: where every query starts."""
        if not isinstance(user, User) or not user.sees_patients:
            return self.none()
        seen = self.filter(_looked_after_by(user))
        seen = seen.filter(merged_into__isnull=True)  # a merged record is seen as the one it lives on in
        return seen if user.only_assays is None else seen.filter(_of_assays(user.only_assays, user))


def _looked_after_by(user: User) -> Q:
    """By the care team, or for as long as an emergency lasts."""
    team = user.care_team_memberships.values("patient_id")
    opened = user.opened_in_emergency
    if opened is None:
        emergencies = user.emergency_accesses.current().order_by().values("patient_id")
        return Q(pk__in=team.union(emergencies, all=True))
    return Q(pk__in=team) | Q(pk__in=opened) if opened else Q(pk__in=team)


def _of_assays(assays: Collection[str], user: User) -> Q:
    """For a token that is limited to some assays: who has a case of them, and whom `user` registered for one."""
    with_a_case = Patient.objects.filter(cases__assay__in=assays)
    waiting = Patient.objects.filter(created_by=user, cases__isnull=True)
    return Q(pk__in=with_a_case.values("pk")) | Q(pk__in=waiting.values("pk"))


class Patient(models.Model):
    """A person whose specimens are read. Two identifiers, name and record number, stand on every page of a case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    record_number = models.CharField(max_length=50, help_text=lazy("The number in your hospital's records."))
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="registered_patients")
    # Kept by the database: since when a restriction (see RecordHold) freezes this record.
    restricted_at = models.DateTimeField(null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.PROTECT, related_name="merged_records"
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        indexes = [
            # Search finds any part of a name or number, so the index is by trigrams.
            GinIndex(OpClass(Upper("family_name"), name="gin_trgm_ops"), name="patient_family_name_search"),
            GinIndex(OpClass(Upper("given_name"), name="gin_trgm_ops"), name="patient_given_name_search"),
            GinIndex(OpClass(Upper("record_number"), name="gin_trgm_ops"), name="patient_record_number_search"),
            models.Index(fields=["family_name", "given_name", "id"], name="patient_by_name"),
            models.Index(fields=["-created_at", "-id"], name="patient_newest_first"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(record_number=""), name="patient_record_number_given"),
            models.CheckConstraint(condition=~models.Q(family_name=""), name="patient_family_name_given"),
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="patient_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(name for name in (self.family_name, self.given_name) if name)
