"""Celery tasks: ids in, one service call."""

from uuid import UUID

from celery.signals import worker_process_init
from django.conf import settings

from clinic.celery import task
from clinic.services import kept_answers
from diagnosis.services import (
    agreement,
    analysing,
    analysis_queue,
    drawing,
    evaluating,
    evaluations,
    file_removal,
    integrity,
    predictors,
    reanalysing,
    reanalysis_queue,
    report_drawings,
    shadowing,
    sweeping,
)


@worker_process_init.connect
def load_models(**_: object) -> None:
    """Each worker process loads the models once, after it was forked."""
    predictors.warm_up()


@task
def analyse_queued(model_version_id: str) -> None:
    """Analyse one batch of a model's waiting images, and come back while there may be more."""
    if analysing.analyse_next_batch(model_version_id=UUID(model_version_id)):
        analysis_queue.wake_workers_on_commit(UUID(model_version_id))


analyse_queued.soft_time_limit = settings.ANALYSIS_SOFT_TIME_LIMIT
analyse_queued.time_limit = settings.ANALYSIS_TIME_LIMIT


@task
def analyse_in_shadow(model_version_id: str) -> None:
    """Have a model in the shadow read a few images, and come back while there may be more."""
    if shadowing.analyse_some(model_version_id=UUID(model_version_id)):
        shadowing.wake_workers_on_commit(UUID(model_version_id))


@task
def evaluate_model(evaluation_id: str) -> None:
    """Measure a model on a few images of a test set, and come back while there is more to do."""
    if evaluating.evaluate_some(evaluation_id=UUID(evaluation_id)):
        evaluations.wake_workers_on_commit(UUID(evaluation_id))


@task
def queue_reanalysis(reanalysis_id: str) -> None:
    """Put the next few images that are to be read anew in the queue, and come back while there is more to do."""
    if reanalysis_queue.queue_some(reanalysis_id=UUID(reanalysis_id)):
        reanalysing.wake_workers_on_commit(UUID(reanalysis_id))


@task
def draw_reports() -> None:
    """Draw one signed report as PDF, and come back while there may be more."""
    if drawing.draw_next():
        report_drawings.wake()


# Hundreds of images on a busy machine: longer than other tasks, shorter than a claim and than the broker's patience.
draw_reports.soft_time_limit, draw_reports.time_limit = 480, 510


@task
def sweep_analyses() -> None:
    """Re-queue what was lost and wake the workers for what waits, signed reports too."""
    sweeping.sweep()


@task
def sweep_files() -> None:
    """Remove files of erased records, what crashes left behind, and answers that are not given again any more."""
    file_removal.remove_noted_files()
    file_removal.remove_forgotten_files()
    kept_answers.forget_old_answers()


@task
def begin_due_checks() -> None:
    """Begin the daily proof of files and trail where it is due, or go on with one that was cut off."""
    integrity.begin_due_checks()


@task
def check_part(check_id: int) -> None:
    """A few seconds of a check; the rest comes later."""
    integrity.check_part(check_id=check_id)


@task
def count_agreement() -> None:
    """Count afresh how all readers and models agree."""
    agreement.count_all()
