"""Readings: what a doctor says about an image."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.kept import BY_IMAGE, by_a_person, goes_with_the_record_alone, written_once
from diagnosis.models.reach import within_reach
from diagnosis.models.renewing import involves, renews_when_added
from diagnosis.models.slide_image import SlideImage
from diagnosis.models.withholding import withheld_from

LONGEST_COMMENT = 2000  # characters


class Answer(models.TextChoices):
    AGREE = "agree", _("Agrees with the suggestion")
    ANOTHER_CLASS = "another_class", _("Another class than suggested")
    OWN_CLASS = "own_class", _("A class, where none was suggested or shown")
    CANNOT_TELL = "cannot_tell", _("Cannot tell")
    UNSUITABLE = "unsuitable", _("Unsuitable image")


WITH_A_CLASS = (Answer.AGREE, Answer.ANOTHER_CLASS, Answer.OWN_CLASS)
WITH_A_REASON = (Answer.ANOTHER_CLASS, Answer.CANNOT_TELL, Answer.UNSUITABLE)


class Reason(models.TextChoices):
    MORPHOLOGY = "morphology", _("Cells or tissue look otherwise")
    ATYPICAL = "atypical", _("Atypical or between two classes")
    FEW_CELLS = "few_cells", _("Too little to judge by")
    ARTEFACT = "artefact", _("Artefact")
    STAIN = "stain", _("Poor or uneven stain")
    FOCUS = "focus", _("Out of focus")
    WRONG_SPECIMEN = "wrong_specimen", _("Not this kind of specimen")
    OTHER = "other", _("Another reason, given in the comment")


class ReadingRole(models.TextChoices):
    FIRST = "first", _("First reading")
    SECOND = "second", _("Second reading")
    ADJUDICATION = "adjudication", _("Adjudication")


class ReadingQuerySet(models.QuerySet["Reading"]):
    def visible_to(self, user: User | AnonymousUser) -> "ReadingQuerySet":
        """The readings of the patients `user` may see."""
        return self.filter(within_reach(user, case="image__case"))

    def shown_to(self, user: User | AnonymousUser) -> "ReadingQuerySet":
        """Those of them that are not withheld until the person has read the image: all that may reach a page."""
        return self.visible_to(user).filter(Q(reader=user.pk) | ~withheld_from(user, image="image"))

    def current(self) -> "ReadingQuerySet":
        """Those that no later reading has taken the place of."""
        return self.filter(replaced_by__isnull=True)


class Reading(models.Model):
    """What one doctor said about one image. Written once; a correction is another reading that replaces it.

    `prediction` is the one that stood when it was recorded, and `was_blinded` says that the doctor had not seen it.
    `opened_at` is when the doctor last opened the image before reading it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(SlideImage, on_delete=models.PROTECT, related_name="readings")
    reader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="readings")
    role = models.CharField(max_length=20, choices=ReadingRole.choices, default=ReadingRole.FIRST)
    answer = models.CharField(max_length=20, choices=Answer.choices)
    label = models.CharField(max_length=50, blank=True)
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)
    comment = models.TextField(max_length=LONGEST_COMMENT, blank=True)
    prediction = models.ForeignKey(
        "diagnosis.Prediction", null=True, blank=True, on_delete=models.PROTECT, related_name="readings"
    )
    was_blinded = models.BooleanField(default=False)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    change_reason = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=Answer.values), name="reading_answer_known"),
            models.CheckConstraint(condition=Q(role__in=ReadingRole.values), name="reading_role_known"),
            models.CheckConstraint(condition=Q(reason__in=["", *Reason.values]), name="reading_reason_known"),
            models.CheckConstraint(
                condition=Q(answer__in=WITH_A_CLASS) & ~Q(label="") | ~Q(answer__in=WITH_A_CLASS) & Q(label=""),
                name="reading_has_a_class_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=Q(answer__in=WITH_A_REASON) & ~Q(reason="") | ~Q(answer__in=WITH_A_REASON) & Q(reason=""),
                name="reading_has_a_reason_when_it_needs_one",
            ),
            models.CheckConstraint(
                condition=~Q(reason=Reason.OTHER) | ~Q(comment=""), name="reading_says_what_the_other_reason_is"
            ),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True, change_reason="") | Q(replaces__isnull=False) & ~Q(change_reason=""),
                name="reading_says_why_it_replaces_another",
            ),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="reading_does_not_replace_itself"),
            models.UniqueConstraint(
                fields=["image", "reader", "role"],
                condition=Q(replaces__isnull=True),
                name="one_first_word_per_image_reader_and_role",
            ),
        ]
        indexes = [
            models.Index(fields=["reader", "-created_at", "-id"], name="reading_by_reader"),
            models.Index(fields=["-created_at", "-id"], name="reading_newest_first"),
        ]
        triggers = [
            written_once(),
            goes_with_the_record_alone(way_to_the_case=BY_IMAGE),
            by_a_person(column="reader_id"),
            renews_when_added(),
            involves(name="involves_the_reader", doctor="reader_id"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.answer}"

    @property
    def result(self) -> str:
        """What it comes to, to compare readings by: the class, or the answer where there is none."""
        return self.label or self.answer
