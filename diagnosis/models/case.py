"""Cases: one specimen of one patient."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.models import Patient, User
from mlcore.assays import ASSAYS, Assay, get_assay

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def assay_choices() -> "list[tuple[str, StrOrPromise]]":
    """The known assays, read when needed: adding one takes no migration."""
    return [(slug, lazy(assay.name)) for slug, assay in ASSAYS.items()]


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User | AnonymousUser) -> "CaseQuerySet":
        """The cases of the patients `user` may see."""
        return self.filter(patient__in=Patient.objects.visible_to(user))


class Case(models.Model):
    """One specimen, examined by one assay, with the images taken of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="cases")
    assay = models.CharField(max_length=30, choices=assay_choices)
    specimen_date = models.DateField(help_text=lazy("The day the specimen was taken."))
    note = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="opened_cases")

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-specimen_date", "-created_at"]
        indexes = [
            models.Index(fields=["patient", "-specimen_date", "-created_at"], name="case_by_patient"),
            models.Index(fields=["-created_at", "-id"], name="case_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{_(self.get_assay().name)}, {self.specimen_date}"

    def get_assay(self) -> Assay:
        """The assay's definition: its classes, recipe and intended use."""
        return get_assay(self.assay)
