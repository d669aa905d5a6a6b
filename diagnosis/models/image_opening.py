"""Who has had an image before them."""

from django.db import models
from django.db.models.functions import Now

from clinic.models import User
from diagnosis.models.slide_image import SlideImage


class ImageOpening(models.Model):
    """A doctor has opened an image: nobody reads what they have not looked at."""

    image = models.ForeignKey(SlideImage, on_delete=models.PROTECT, related_name="openings")
    reader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    first_opened_at = models.DateTimeField(db_default=Now())
    last_opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "reader"], name="one_opening_per_image_and_reader")]

    def __str__(self) -> str:
        return f"{self.image_id} by {self.reader_id}"
