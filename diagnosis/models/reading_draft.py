"""Readings that are not recorded yet."""

from django.db import models

from clinic.models import User
from diagnosis.models.renewing import involves
from diagnosis.models.slide_image import SlideImage


class ReadingDraft(models.Model):
    """What a doctor has entered so far, fit or not. Nobody else sees it; it goes when the reading is recorded."""

    image = models.ForeignKey(SlideImage, on_delete=models.PROTECT, related_name="reading_drafts")
    reader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reading_drafts")
    choice = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=30, blank=True)
    comment = models.TextField(max_length=2000, blank=True)
    change_reason = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "reader"], name="one_draft_per_image_and_reader")]
        triggers = [involves(name="involves_the_reader", doctor="reader_id")]

    def __str__(self) -> str:
        return f"{self.image_id} by {self.reader_id}"
