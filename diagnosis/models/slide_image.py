"""Slide images."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.case import Case
from diagnosis.models.digests import found_by
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import renews_when_added, renews_when_changed
from diagnosis.models.resolution import micrometres_per_pixel, plausible_resolution


class WithdrawalReason(models.TextChoices):
    WRONG_PATIENT = "wrong_patient", _("It shows another patient's specimen")
    WRONG_CASE = "wrong_case", _("It belongs to another case")
    UNUSABLE = "unusable", _("It is of no use, and a better one was taken")
    OTHER = "other", _("Another reason")


class SlideImageQuerySet(models.QuerySet["SlideImage"]):
    def visible_to(self, user: User | AnonymousUser) -> "SlideImageQuerySet":
        """The images of the patients `user` may see."""
        return self.filter(within_reach(user, case="case"))

    def in_use(self) -> "SlideImageQuerySet":
        """Those that were not withdrawn from their case."""
        return self.filter(withdrawn_at__isnull=True)


class SlideImage(models.Model):
    """One uploaded image. Files are found by their SHA-256; the uploaded name is only ever shown.

    `width` and `height` are pixels as displayed, upright. The worker fills in `display_sha256` and
    `thumbnail_sha256`, re-encoded pixels for the browser, once it has decoded the original.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="images")
    uploaded_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    file_format = models.CharField(max_length=10)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    micrometres_per_pixel = micrometres_per_pixel()  # as the file's header says
    display_sha256 = models.CharField(max_length=64, blank=True)
    thumbnail_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="uploaded_images")
    # Since when it counts for the case: put back after a report was signed without it, it counts from then on.
    in_use_since = models.DateTimeField(db_default=Now(), editable=False)
    # A withdrawn image stays in the record and counts for nothing: it needs no reading and is in no report.
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    withdrawal_reason = models.CharField(max_length=30, choices=WithdrawalReason.choices, blank=True, editable=False)

    objects = SlideImageQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            # The same bytes sent twice (a double click, a repeated request) are one image of the case.
            models.UniqueConstraint(fields=["case", "sha256"], name="one_image_per_case_and_digest"),
            plausible_resolution(name="image_resolution_plausible"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawal_reason="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                & Q(withdrawal_reason__in=WithdrawalReason.values),
                name="image_withdrawal_says_who_and_why",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "created_at", "id"], name="image_by_case"),
            models.Index(fields=["-created_at", "-id"], name="image_newest_first"),
            models.Index(fields=["sha256"], name="image_by_digest"),
            found_by("display_sha256", name="image_by_display"),
            found_by("thumbnail_sha256", name="image_by_thumbnail"),
        ]
        triggers = [
            renews_when_added(case="new_rows.case_id", way=""),
            renews_when_changed("withdrawn_at", "in_use_since", "case_id", case="new_rows.case_id", way=""),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def resolution(self) -> float | None:
        """Micrometres a pixel as far as known (with its case at hand): what the doctor says goes before the file."""
        return self.case.micrometres_per_pixel or self.micrometres_per_pixel
