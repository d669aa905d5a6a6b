"""Tokens that programs use the REST API with."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as lazy
from knox.models import AbstractAuthToken


class TokenScope(models.TextChoices):
    READ = "read", lazy("Read only")
    WRITE = "write", lazy("Read and change")


class ApiToken(AbstractAuthToken):
    """One token of a person: its hash, what it may do, and until when. Its text is told once and kept nowhere."""

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)  # the digest stays in the database
    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=10, choices=TokenScope.choices, default=TokenScope.WRITE)
    # Empty: all of them. Otherwise the token sees and changes nothing of another assay.
    assays = ArrayField(models.CharField(max_length=30), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=TokenScope.values), name="api_token_scope_known"),
            models.CheckConstraint(
                condition=Q(assays__isnull=True) | Q(assays__len__gt=0), name="api_token_limited_to_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} token of {self.user_id}"

    @property
    def is_read_only(self) -> bool:
        return bool(self.scope == TokenScope.READ)
