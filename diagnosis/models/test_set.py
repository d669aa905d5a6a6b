"""A site's own test sets: images whose class is known, locked before a model is measured on them."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinic.models import User
from diagnosis.models.case import assay_choices
from mlcore.assays import get_assay

NOT_ONCE_LOCKED = """
    IF EXISTS (SELECT FROM diagnosis_testset WHERE id = NEW.test_set_id AND locked_at IS NOT NULL) THEN
        RAISE EXCEPTION 'pgtrigger: Cannot insert rows into % table: the test set is locked', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
"""


class TestSet(models.Model):
    """The images that an assay's models are measured on here. Nothing about it changes once it is locked.

    `manifest_sha256` is a file of the store: a line for each image with its digest, class and group. The newest
    locked one of an assay is its current one.
    """

    __test__ = False  # its name looks like a test's

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assay = models.CharField(max_length=30, choices=assay_choices)
    name = models.CharField(max_length=100)
    manifest_sha256 = models.CharField(max_length=64)
    images_by_class: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField()
    groups = models.PositiveIntegerField()
    locked_at = models.DateTimeField(null=True, editable=False)
    locked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-locked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["assay", "name"], name="one_test_set_per_assay_and_name"),
            models.UniqueConstraint(fields=["assay", "manifest_sha256"], name="one_test_set_per_assay_and_images"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="locked_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__locked_at__isnull=False),
            ),
            pgtrigger.Protect(name="never_forgotten", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many images it has of each class, in the assay's order."""
        return [(name, self.images_by_class[name]) for name in get_assay(self.assay).classes]

    @property
    def total(self) -> int:
        return sum(self.images_by_class.values())


class TestImage(models.Model):
    """One image of a test set, found in the file store. Images of one `group` are of one patient or block."""

    __test__ = False

    test_set = models.ForeignKey(TestSet, on_delete=models.PROTECT, related_name="images")
    sha256 = models.CharField(max_length=64)
    label = models.CharField(max_length=50)
    group = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["test_set", "sha256"], name="one_image_per_test_set_and_digest"),
            models.CheckConstraint(condition=~Q(label=""), name="test_image_has_a_class"),
        ]
        indexes = [models.Index(fields=["sha256"], name="test_image_by_digest")]
        triggers = [
            pgtrigger.Protect(name="locked_for_good", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="none_once_locked", when=pgtrigger.Before, operation=pgtrigger.Insert, func=NOT_ONCE_LOCKED
            ),
        ]

    def __str__(self) -> str:
        return self.sha256
