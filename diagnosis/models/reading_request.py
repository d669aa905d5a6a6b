"""Asking a colleague to read an image too."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import renews_when_added, renews_when_changed
from diagnosis.models.slide_image import SlideImage


class RequestKind(models.TextChoices):
    SECOND = "second", _("Second reading")
    ADJUDICATION = "adjudication", _("Adjudication")


class RequestState(models.TextChoices):
    OPEN = "open", _("Waiting to be read")
    DONE = "done", _("Read")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECLINED = "declined", _("Declined")


class ReadingRequestQuerySet(models.QuerySet["ReadingRequest"]):
    def visible_to(self, user: User | AnonymousUser) -> "ReadingRequestQuerySet":
        """The requests about patients `user` may see."""
        return self.filter(within_reach(user, case="image__case"))

    def open(self) -> "ReadingRequestQuerySet":
        """Those still to be read."""
        return self.filter(state=RequestState.OPEN)


class ReadingRequest(models.Model):
    """A second reading is asked of one colleague, who reads blinded. Two readings that differ ask for an adjudication:
    of a colleague by name, or (`asked_of` empty) of whoever on the care team has not read the image."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(SlideImage, on_delete=models.PROTECT, related_name="reading_requests")
    kind = models.CharField(max_length=20, choices=RequestKind.choices)
    asked_of = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="reading_requests")
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=RequestState.choices, default=RequestState.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.CharField(max_length=500, blank=True)

    objects = ReadingRequestQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RequestKind.values), name="reading_request_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="reading_request_state_known"),
            models.CheckConstraint(
                condition=~Q(kind="second") | Q(asked_of__isnull=False, asked_by__isnull=False),
                name="second_reading_is_asked_of_somebody",
            ),
            models.CheckConstraint(
                condition=Q(asked_of__isnull=True) | Q(asked_by__isnull=True) | ~Q(asked_of=F("asked_by")),
                name="nobody_asks_themselves",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | ~Q(state="open") & Q(closed_at__isnull=False),
                name="reading_request_closed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="declined") & ~Q(decline_reason="") | ~Q(state="declined") & Q(decline_reason=""),
                name="reading_request_declined_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["image", "kind"], condition=Q(state="open"), name="one_open_request_per_image_and_kind"
            ),
        ]
        indexes = [models.Index(fields=["asked_of"], condition=Q(state="open"), name="reading_request_open")]
        triggers = [renews_when_added(), renews_when_changed("state")]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.state}"
