"""Cases: one specimen of one patient."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import Patient, User
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import involves, renews_when_added, renews_when_changed
from diagnosis.models.resolution import micrometres_per_pixel, plausible_resolution
from mlcore.assays import ASSAYS, Assay, get_assay

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def assay_choices() -> "list[tuple[str, StrOrPromise]]":
    """The known assays, read when needed: adding one takes no migration."""
    return [(slug, lazy(assay.name)) for slug, assay in ASSAYS.items()]


class Urgency(models.TextChoices):
    """How soon a case must be read, the most urgent last."""

    ROUTINE = "routine", lazy("Routine")
    URGENT = "urgent", lazy("Urgent")
    EMERGENCY = "emergency", lazy("Emergency")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User | AnonymousUser) -> "CaseQuerySet":
        """The cases of the patients `user` may see."""
        return self.filter(within_reach(user))


class Case(models.Model):
    """One specimen, examined by one assay, with the images taken of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="cases")
    assay = models.CharField(max_length=30, choices=assay_choices)
    specimen_date = models.DateField(help_text=lazy("The day the specimen was taken."))
    urgency = models.CharField(
        max_length=20, choices=Urgency.choices, default=Urgency.ROUTINE, db_default=Urgency.ROUTINE
    )
    note = models.TextField(blank=True, max_length=2000)
    micrometres_per_pixel = micrometres_per_pixel()  # as the doctor says; it goes before what the files say
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="opened_cases")

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-specimen_date", "-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="case_urgency_known"),
            plausible_resolution(name="case_resolution_plausible"),
        ]
        indexes = [
            models.Index(fields=["patient", "-specimen_date", "-created_at"], name="case_by_patient"),
            models.Index(fields=["-created_at", "-id"], name="case_newest_first"),
            models.Index(fields=["specimen_date", "id"], name="case_by_specimen_date"),
        ]
        triggers = [
            renews_when_added(case="new_rows.id", way=""),
            renews_when_changed("patient_id", "assay", "urgency", "specimen_date", case="new_rows.id", way=""),
            involves(name="involves_who_opened_it", doctor="created_by_id", case="new_rows.id", way=""),
        ]

    def __str__(self) -> str:
        return f"{_(self.get_assay().name)}, {self.specimen_date}"

    def get_assay(self) -> Assay:
        """The assay's definition: its classes, recipe and intended use."""
        return get_assay(self.assay)
