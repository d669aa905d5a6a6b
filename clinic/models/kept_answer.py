"""Answers to requests that may be sent again."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class KeptAnswer(models.Model):
    """What came of a POST with an `Idempotency-Key`, for a day: whoever sends it again does nothing twice.

    Neither the key nor the request is stored, only digests that nobody can make without the site's secret. An answer
    that tells a secret is not stored either: then `body` is null, and only that it was given is known.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_answers")
    key_digest = models.CharField(max_length=64)
    request_digest = models.CharField(max_length=64)
    # As whom the person asked: with less of a say they do not get it again.
    role = models.CharField(max_length=20)
    only_assays = ArrayField(models.CharField(max_length=30), null=True)
    status = models.PositiveSmallIntegerField()
    location = models.TextField(blank=True)
    body = models.TextField(null=True)  # noqa: DJ001  an empty body is another thing than one that is not kept
    # Whose data the request touched, and who of them the person could see afterwards. Not foreign keys: there may be
    # many, and erasing a record looks here by itself.
    patients = ArrayField(models.UUIDField(), default=list)
    seen_patients = ArrayField(models.UUIDField(), default=list)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["person", "key_digest"], name="one_answer_per_key")]
        indexes = [GinIndex(fields=["patients"], name="kept_answer_patients")]

    def __str__(self) -> str:
        return f"{self.status} kept for {self.person_id}"
