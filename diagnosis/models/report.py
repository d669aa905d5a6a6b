"""Reports: a case, signed."""

import uuid
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.case import Case
from diagnosis.models.kept import BY_CASE, by_a_person, goes_with_the_record_alone, written_once
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import renews_when_added
from diagnosis.models.slide_image import SlideImage
from diagnosis.models.withholding import withheld_from


class Confirmation(models.TextChoices):
    PASSWORD = "password", _("Password")
    PASSKEY = "passkey", _("Passkey")


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User | AnonymousUser) -> "ReportQuerySet":
        """The reports on the patients `user` may see."""
        return self.filter(within_reach(user, case="case"))

    def shown_to(self, user: User | AnonymousUser) -> "ReportQuerySet":
        """Those of them that give nothing away: a report tells what was read and suggested, which is withheld from
        whoever is still to read an image of the case."""
        images = SlideImage.objects.in_use().filter(case=OuterRef("case"))
        # Asked of each row: as a plain NOT EXISTS the database expects no row at all, and looks at every one first.
        gives_away = models.Case(models.When(Exists(images.filter(withheld_from(user))), then=True), default=False)
        return self.visible_to(user).filter(Exact(gives_away, False))


class Report(models.Model):
    """What a doctor signed, frozen with everything that led to it. Written once; an amendment is another version.

    `content` holds all that the printed report shows, `content_digest` is the SHA-256 of its canonical JSON.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveIntegerField(default=1)
    content: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    content_digest = models.CharField(max_length=64)
    # How much the case held when it was signed. Rows of these are never taken away, so that more means: changed since.
    image_count = models.PositiveIntegerField(default=0)
    withdrawn_count = models.PositiveIntegerField(default=0)
    reading_count = models.PositiveIntegerField(default=0)
    amendment_reason = models.CharField(max_length=500, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signed_reports")
    confirmed_by = models.CharField(max_length=20, choices=Confirmation.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["case", "version"]
        constraints = [
            models.UniqueConstraint(fields=["case", "version"], name="one_report_per_case_and_version"),
            models.CheckConstraint(condition=Q(version__gte=1), name="report_versions_from_one"),
            models.CheckConstraint(
                condition=Q(version=1, amendment_reason="") | Q(version__gt=1) & ~Q(amendment_reason=""),
                name="report_says_why_it_was_amended",
            ),
            models.CheckConstraint(condition=Q(confirmed_by__in=Confirmation.values), name="report_confirmation_known"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="report_newest_first")]
        triggers = [
            written_once(),
            goes_with_the_record_alone(way_to_the_case=BY_CASE),
            by_a_person(column="signed_by_id"),
            renews_when_added(case="new_rows.case_id", way=""),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} version {self.version}"
