"""Predictions: what a model said about an image."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import ExpressionWrapper, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as lazy

from clinic.models import User
from diagnosis.models.analysis import Analysis
from diagnosis.models.digests import found_by
from diagnosis.models.kept import BY_ANALYSIS, goes_with_the_record_alone, written_once
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import BY_ANALYSIS as IMAGE_BY_ANALYSIS
from diagnosis.models.renewing import renews_when_added
from diagnosis.models.withholding import withheld_from


class Verdict(models.TextChoices):
    CONFIDENT = "confident", lazy("Confident")
    REFER = "refer", lazy("Refer to a second reader")
    OUT_OF_SCOPE = "out_of_scope", lazy("Outside what this model knows")


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def visible_to(self, user: User | AnonymousUser) -> "PredictionQuerySet":
        """The predictions on the patients `user` may see."""
        return self.filter(within_reach(user, case="analysis__image__case"))

    def shown_to(self, user: User | AnonymousUser) -> "PredictionQuerySet":
        """Those of them that are not withheld until the person has read the image: all that may reach a page."""
        return self.visible_to(user).exclude(withheld_from(user, image="analysis__image"))

    def with_leads(self) -> "PredictionQuerySet":
        """Each with `leads`: whether it is the one that stands for its image."""
        first = Analysis.objects.filter(image=OuterRef("analysis__image")).leading_first().values("pk")[:1]
        leads = ExpressionWrapper(Q(analysis=Subquery(first)), output_field=models.BooleanField())
        return self.annotate(leads=leads)


class Prediction(models.Model):
    """The one effective result of an analysis. Written once, never changed.

    Probabilities are the model's calibrated ones, float64, and sum to 1. An image outside what the model knows has
    no label and an empty prediction set. Mask, outline and map are PNG files found by their SHA-256.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    analysis = models.OneToOneField(Analysis, on_delete=models.PROTECT, related_name="prediction")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    label = models.CharField(max_length=50, blank=True)
    confidence = models.FloatField()
    malignant_probability = models.FloatField()
    probabilities: "models.JSONField[dict[str, float], dict[str, float]]" = models.JSONField()
    prediction_set = ArrayField(models.CharField(max_length=50), default=list)
    in_scope_score = models.FloatField()
    mask_sha256 = models.CharField(max_length=64)
    outline_sha256 = models.CharField(max_length=64)
    map_sha256 = models.CharField(max_length=64, blank=True)  # empty: the network has no activation map
    mask_area_fraction = models.FloatField()
    contour_count = models.PositiveIntegerField()
    model_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="prediction_verdict_known"),
            models.CheckConstraint(
                condition=Q(verdict="out_of_scope", label="") | ~Q(verdict="out_of_scope") & ~Q(label=""),
                name="prediction_out_of_scope_has_no_label",
            ),
            models.CheckConstraint(
                condition=Q(confidence__range=(0, 1), malignant_probability__range=(0, 1.000001)),
                name="prediction_probabilities_in_range",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="prediction_newest_first"),
            found_by("mask_sha256", name="prediction_by_mask"),
            found_by("outline_sha256", name="prediction_by_outline"),
            found_by("map_sha256", name="prediction_by_map"),
        ]
        triggers = [
            written_once(),
            goes_with_the_record_alone(way_to_the_case=BY_ANALYSIS),
            renews_when_added(way=IMAGE_BY_ANALYSIS),
        ]

    def __str__(self) -> str:
        return f"{self.analysis_id} {self.verdict}"
