"""How far each case is: what the worklist is ordered, filtered and counted by."""

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as lazy

from clinic.models import Patient, User
from diagnosis.models.case import Case, Urgency


class Stage(models.TextChoices):
    OPEN = "open", lazy("Being read")
    TO_SIGN = "to_sign", lazy("To sign")
    DONE = "done", lazy("Signed")


class Doubt(models.IntegerChoices):
    """Which cases of the same urgency go first, by the suggestions on their unread images."""

    UNCERTAIN = 0, lazy("An image without a suggestion: referred, outside what the model knows, or failed")
    MALIGNANT = 1, lazy("An image that is more probably malignant than not")
    NONE = 2, lazy("Nothing of this")


URGENCY_RANKS = {Urgency.EMERGENCY: 0, Urgency.URGENT: 1, Urgency.ROUTINE: 2}


IN_ORDER = ["urgency_rank", "shown_doubt", "specimen_date", "case"]  # of what a doctor reads first


class CaseStandingQuerySet(models.QuerySet["CaseStanding"]):
    def visible_to(self, user: User | AnonymousUser) -> "CaseStandingQuerySet":
        """The standings of the cases of the patients `user` may see.

        It says the same as for patients, in a form in which the database finds a page without counting all of them:
        the few records that an emergency opens are asked for at once. (A merged record has no case.)
        """
        if not isinstance(user, User) or not user.is_active or not user.is_doctor:
            return self.none()
        seen = Q(patient__in=user.care_team_memberships.values("patient"))
        emergencies = user.opened_in_emergency
        if emergencies is None:
            emergencies = tuple(user.emergency_accesses.current().order_by().values_list("patient_id", flat=True))
        found = self.filter(seen | Q(patient__in=emergencies) if emergencies else seen)
        return found if user.only_assays is None else found.filter(assay__in=user.only_assays)


class CaseStanding(models.Model):
    """A row beside each case, kept by the database's function `diagnosis_renew_standing` and written by nobody else.

    Numbers are of the images in use: `pending` wait for their analysis, `failed` could not be analysed, `unread` are
    past it and have no reading yet, `settled` have readings that agree or were adjudicated, `results_changed` have a
    leading result that says otherwise than the one the last reading was about, and came after any signature. What a
    model said (by each image's leading analysis) must not reach a doctor from here while it is withheld; `shown_doubt`
    is the same for everybody: none at all for an assay that is first read blinded.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="standing", primary_key=True)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    assay = models.CharField(max_length=30)
    urgency_rank = models.PositiveSmallIntegerField()
    specimen_date = models.DateField()
    images = models.PositiveIntegerField()
    pending = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    unread = models.PositiveIntegerField()
    settled = models.PositiveIntegerField()
    open_requests = models.PositiveIntegerField()
    confident = models.PositiveIntegerField()
    refer = models.PositiveIntegerField()
    out_of_scope = models.PositiveIntegerField()
    results_changed = models.PositiveIntegerField(db_default=0)
    model_versions = ArrayField(models.UUIDField())
    doubt = models.PositiveSmallIntegerField(choices=Doubt.choices)
    shown_doubt = models.PositiveSmallIntegerField(choices=Doubt.choices)
    stage = models.CharField(max_length=20, choices=Stage.choices)
    signed_at = models.DateTimeField(null=True)

    objects = CaseStandingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=IN_ORDER,
                condition=Q(unread__gt=0),
                name="standing_to_read",
            ),
            models.Index(
                fields=IN_ORDER,
                condition=Q(stage="to_sign"),
                name="standing_to_sign",
            ),
            models.Index(
                fields=IN_ORDER,
                condition=Q(failed__gt=0) & ~Q(stage="done"),
                name="standing_failed",
            ),
            models.Index(
                fields=IN_ORDER,
                condition=~Q(stage="done"),
                name="standing_not_done",
            ),
            models.Index(
                fields=IN_ORDER,
                condition=Q(results_changed__gt=0),
                name="standing_changed",
            ),
            models.Index(fields=["signed_at", "case"], condition=Q(stage="done"), name="standing_done"),
            # Filters by verdict are for these two: most cases have none of them.
            models.Index(
                fields=IN_ORDER,
                condition=Q(refer__gt=0),
                name="standing_referred",
            ),
            models.Index(
                fields=IN_ORDER,
                condition=Q(out_of_scope__gt=0),
                name="standing_out_of_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.stage}"


class CaseInvolvement(models.Model):
    """A doctor has a hand in a case: opened it, or began to read one of its images. Kept by the database."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="involvements")
    doctor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["doctor", "case"], name="one_involvement_per_doctor_and_case")]

    def __str__(self) -> str:
        return f"{self.doctor_id} in {self.case_id}"
