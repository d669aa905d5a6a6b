"""Proposals to activate a model: one administrator proposes, another agrees."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from diagnosis.models.model_change import Why
from diagnosis.models.model_evaluation import ModelEvaluation
from diagnosis.models.model_version import ModelVersion


class ProposalState(models.TextChoices):
    OPEN = "open", _("Waiting for a second administrator")
    APPROVED = "approved", _("Agreed to")
    WITHDRAWN = "withdrawn", _("Withdrawn or refused")


class ActivationProposal(models.Model):
    """Who wants a model to be active, why, and on which evaluation it rests; then who decided."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="proposals")
    evaluation = models.ForeignKey(ModelEvaluation, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=20, choices=Why.choices)
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    state = models.CharField(max_length=20, choices=ProposalState.choices, default=ProposalState.OPEN)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["model"], condition=Q(state="open"), name="one_open_proposal_per_model"),
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="proposal_state_known"),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="proposal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")), name="activation_takes_two_people"
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="only_known_moves",
                field="state",
                transitions=[("open", state) for state in ("approved", "withdrawn")],
            ),
            pgtrigger.ReadOnly(name="proposed_once", exclude=["state", "decided_by", "decided_at"]),
            pgtrigger.Protect(
                name="decided_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__decided_at__isnull=False)
            ),
            pgtrigger.Protect(name="never_forgotten", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.state}"
