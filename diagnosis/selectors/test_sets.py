"""Which test set counts, and how models did on it."""

from diagnosis.models import (
    ActivationProposal,
    EvaluationState,
    ModelEvaluation,
    ModelVersion,
    ProposalState,
    TestSet,
)
from mlcore.assays import ASSAYS, Assay


def current_test_set(assay: str) -> TestSet | None:
    """The set that models of an assay have to be measured on: the one locked last."""
    return TestSet.objects.filter(assay=assay, locked_at__isnull=False).order_by("-locked_at", "-pk").first()


def finished_evaluation(model: ModelVersion) -> ModelEvaluation | None:
    """The model's figures on its assay's current test set, once they are there."""
    test_set = current_test_set(model.assay)
    return ModelEvaluation.objects.filter(
        model=model, test_set=test_set, state=EvaluationState.SUCCEEDED, engines_difference__isnull=False
    ).first()


def open_proposal(model: ModelVersion) -> ActivationProposal | None:
    """The proposal to activate a model that waits for a second administrator."""
    proposals = ActivationProposal.objects.filter(model=model, state=ProposalState.OPEN)
    return proposals.select_related("proposed_by", "evaluation__test_set").first()


def evaluations_of(model: ModelVersion) -> list[ModelEvaluation]:
    """How a model did on every test set it was measured on, the newest first."""
    return list(model.evaluations.select_related("test_set", "started_by").order_by("-created_at"))


def locked_test_sets() -> list[tuple[Assay, list[TestSet]]]:
    """Every locked test set by assay, the current one first."""
    rows = list(TestSet.objects.filter(locked_at__isnull=False).select_related("locked_by").order_by("-locked_at"))
    return [(assay, [row for row in rows if row.assay == slug]) for slug, assay in ASSAYS.items()]
