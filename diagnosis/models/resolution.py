"""How large a pixel is on the specimen: the column that images and cases have for it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as lazy

SMALLEST_PIXEL, LARGEST_PIXEL = 0.01, 100.0  # micrometres: what lies beyond is a slip of the finger


def micrometres_per_pixel() -> "models.FloatField[float | None, float | None]":
    """The column: the side of a pixel on the specimen, empty while nobody has said it."""
    return models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(SMALLEST_PIXEL), MaxValueValidator(LARGEST_PIXEL)],
        help_text=lazy("The side of a pixel on the specimen, in micrometres."),
    )


def plausible_resolution(*, name: str) -> models.CheckConstraint:
    """The constraint that goes with the column."""
    within = Q(micrometres_per_pixel__range=(SMALLEST_PIXEL, LARGEST_PIXEL))
    return models.CheckConstraint(condition=Q(micrometres_per_pixel__isnull=True) | within, name=name)
