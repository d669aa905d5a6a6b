"""Having a model measured on a locked test set. The work itself is in `evaluating`, which only workers load."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic import wake_ups
from clinic.models import User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from diagnosis.models import EvaluationState, ModelEvaluation, ModelVersion
from diagnosis.selectors.test_sets import current_test_set


@transaction.atomic
def start_evaluation(*, model: ModelVersion, started_by: User | None = None) -> ModelEvaluation:
    """Have a model measured on its assay's current test set. What is there already stays; what failed goes on.

    Raises ValidationError when the assay has no locked test set.
    """
    if started_by is not None:
        administrators_only(started_by)
    test_set = current_test_set(model.assay)
    if test_set is None:
        raise ValidationError(_("This assay has no locked test set yet. Lock one first."))
    evaluation, is_new = ModelEvaluation.objects.select_for_update(no_key=True).get_or_create(
        model=model, test_set=test_set, defaults={"started_by": started_by, "total": test_set.total}
    )
    if evaluation.state == EvaluationState.FAILED:
        ModelEvaluation.objects.filter(pk=evaluation.pk).update(
            state=EvaluationState.QUEUED, attempts=0, failure_message="", finished_at=None, started_by=started_by
        )
        evaluation.refresh_from_db()
        is_new = True
    if is_new:
        note("model.evaluation_started", evaluation, started_by)
    wake_workers_on_commit(evaluation.pk)
    return evaluation


def wake_workers_on_commit(evaluation_id: UUID) -> None:
    """Tell the workers, once the current transaction holds, that there is something to measure."""
    transaction.on_commit(lambda: wake_ups.wake("diagnosis.tasks.evaluate_model", str(evaluation_id)), robust=True)


def note(action: str, evaluation: ModelEvaluation, actor: User | None) -> None:
    """Write down what became of an evaluation."""
    audit.record(
        actor=actor,
        action=action,
        subject=evaluation.model,
        evaluation=str(evaluation.pk),
        test_set=str(evaluation.test_set_id),
    )
