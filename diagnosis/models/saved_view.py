"""Filters of the worklist that a doctor comes back to."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from clinic.models import User


class SavedView(models.Model):
    """A tab of the worklist with its filters, by a name. Patients are never among the filters.

    A deleted one stays for a while, so that deleting can be undone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_views")
    name = models.CharField(max_length=60)
    filters: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = [Lower("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                "owner", Lower("name"), condition=Q(deleted_at__isnull=True), name="one_saved_view_per_owner_and_name"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
