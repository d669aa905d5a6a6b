"""Putting images that are to be read anew in the queue: a few cases a step, each step a transaction of its own.

A step begins behind the place where the last one ended, so that whoever is killed between two loses nothing and does
nothing twice. No more than MOST_WAITING wait at a time: a stop holds soon, and the queue stays short.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from clinic.models import Patient
from clinic.services import audit
from diagnosis.models import (
    Analysis,
    AnalysisState,
    ModelState,
    ModelVersion,
    Priority,
    Reanalysis,
    ReanalysisScope,
    ReanalysisState,
    SlideImage,
)
from diagnosis.selectors.reanalyses import cases_in, images_in
from diagnosis.services import analysis_queue
from diagnosis.services.reanalysing import wake_workers_on_commit

CASES_A_STEP = 50
IMAGES_A_STEP = 200  # or those of one case, where it has more
MOST_WAITING = 1000  # of one version


@dataclass
class Step:
    """What became of the images of a few cases."""

    queued: Sequence[Analysis]
    known: int
    left_out: int


def queue_some(*, reanalysis_id: UUID) -> bool:
    """Put the images of the next few cases in the queue, or take out what is no longer wanted there.

    Returns whether there is more to do at once; what has to wait for room, or for a stop to be lifted, is left to the
    sweeper.
    """
    found = Reanalysis.objects.filter(pk=reanalysis_id).select_related("model_version", "requested_by", "case").first()
    if found is None or found.state != ReanalysisState.RUNNING:
        return take_back_some()
    if found.model_version.state == ModelState.ACTIVE and (found.model_version.stopped_at or _is_full(found)):
        return False
    return _step(found, _next_cases(found))


def sweep() -> None:
    """Go on with what is under way, and take out of the queue what is no longer wanted there."""
    for pk in Reanalysis.objects.filter(state=ReanalysisState.RUNNING).order_by("created_at").values_list("pk"):
        wake_workers_on_commit(*pk)
    take_back_some()


@transaction.atomic
def take_back_some() -> bool:
    """Cancel what waits to be read anew by a version that is not active any more, or was stopped being asked for."""
    unwanted = Q(reanalysis__state=ReanalysisState.STOPPED) | ~Q(model_version__state=ModelState.ACTIVE)
    waiting = (
        Analysis.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .filter(unwanted, state=AnalysisState.QUEUED, priority=Priority.ANEW)
        .select_related("image__case")
        .order_by("pk")
    )
    found = list(waiting[:IMAGES_A_STEP])
    analysis_queue.finish([one.pk for one in found], state=AnalysisState.CANCELLED)
    audit.record_all(actor=None, acts=_acts("analysis.cancelled", found))
    return len(found) == IMAGES_A_STEP


def _is_full(reanalysis: Reanalysis) -> bool:
    waiting = Analysis.objects.filter(
        state=AnalysisState.QUEUED, model_version=reanalysis.model_version, priority=Priority.ANEW
    )
    return waiting.order_by()[:MOST_WAITING].count() >= MOST_WAITING


def _next_cases(reanalysis: Reanalysis) -> Sequence[tuple[UUID, UUID]]:
    """The next few cases, each with its patient: as many as a step's images, but at least one."""
    cases = cases_in(reanalysis).order_by("case_id")
    if reanalysis.place:
        cases = cases.filter(case_id__gt=reanalysis.place)
    rows = list(cases.values_list("case_id", "patient_id", "images")[:CASES_A_STEP])
    fitting = sum(total <= IMAGES_A_STEP for total in accumulate(images for _, _, images in rows))
    return [(case, patient) for case, patient, _ in rows[: max(1, fitting)]]


@transaction.atomic
def _step(found: Reanalysis, cases: Sequence[tuple[UUID, UUID]]) -> bool:
    """The patients are locked first and in order, as by everybody who withdraws, freezes, moves or erases."""
    patients = {patient for _, patient in cases}
    list(Patient.objects.select_for_update(no_key=True).filter(pk__in=patients).order_by("pk").values_list("pk"))
    current = Reanalysis.objects.select_for_update(no_key=True, of=("self",)).filter(pk=found.pk).first()
    if current is None or current.state != ReanalysisState.RUNNING or current.place != found.place:
        return False  # somebody else was faster, and goes on
    if not ModelVersion.objects.filter(pk=current.model_version_id, state=ModelState.ACTIVE).exists():
        return _end(current, ReanalysisState.SUPERSEDED)
    if not cases:
        return _end(current, ReanalysisState.DONE)
    step = _queue_images(current, [case for case, _ in cases])
    Reanalysis.objects.filter(pk=current.pk).update(
        place=cases[-1][0],
        queued=F("queued") + len(step.queued),
        known=F("known") + step.known,
        left_out=F("left_out") + step.left_out,
    )
    if step.queued:
        analysis_queue.wake_workers_on_commit(current.model_version_id)
    return True


def _end(reanalysis: Reanalysis, state: ReanalysisState) -> bool:
    Reanalysis.objects.filter(pk=reanalysis.pk).update(state=state, ended_at=Now())
    patient_id = reanalysis.case.patient_id if reanalysis.case else None
    action = "reanalysis.done" if state == ReanalysisState.DONE else "reanalysis.superseded"
    audit.record(actor=None, action=action, subject=reanalysis, patient_id=patient_id)
    return False


def _queue_images(reanalysis: Reanalysis, cases: Sequence[UUID]) -> Step:
    images = images_in(reanalysis, cases)
    if reanalysis.scope != ReanalysisScope.MODEL:
        images = images.visible_to(reanalysis.requested_by)
    found = list(images.select_related("case__patient").order_by("case", "pk"))
    usable = [one for one in found if not (one.withdrawn_at or one.case.patient.restricted_at)]
    states = _states(reanalysis, usable)
    fresh = [one for one in usable if one.pk not in states]
    again = [one for one in usable if states.get(one.pk) == AnalysisState.CANCELLED]
    queued = [*_create(reanalysis, fresh), *_queue_again(reanalysis, again)]
    audit.record_all(actor=reanalysis.requested_by, acts=_acts("analysis.queued", queued))
    return Step(queued=queued, known=len(usable) - len(queued), left_out=len(found) - len(usable))


def _states(reanalysis: Reanalysis, images: Sequence[SlideImage]) -> dict[UUID, str]:
    """How far this version is with each of the images, by the image's id."""
    known = Analysis.objects.filter(model_version=reanalysis.model_version_id, image__in=images)
    return dict(known.order_by().values_list("image", "state"))


def _create(reanalysis: Reanalysis, images: Sequence[SlideImage]) -> list[Analysis]:
    """One analysis each; where somebody else made one just now, that one counts."""
    made = Analysis.objects.bulk_create(
        (
            Analysis(
                image=one,
                model_version_id=reanalysis.model_version_id,
                requested_by_id=reanalysis.requested_by_id,
                priority=Priority.ANEW,
                reanalysis=reanalysis,
            )
            for one in images
        ),
        ignore_conflicts=True,
    )
    stored = set(Analysis.objects.filter(pk__in=[one.pk for one in made]).values_list("pk", flat=True))
    return [one for one in made if one.pk in stored]


def _queue_again(reanalysis: Reanalysis, images: Sequence[SlideImage]) -> list[Analysis]:
    """Those that were cancelled: by a stop, for one."""
    cancelled = Analysis.objects.select_for_update(no_key=True, of=("self",)).filter(
        model_version=reanalysis.model_version_id, image__in=images, state=AnalysisState.CANCELLED
    )
    found = list(cancelled.select_related("image__case").order_by("pk"))
    Analysis.objects.filter(pk__in=[one.pk for one in found]).update(
        state=AnalysisState.QUEUED,
        attempts=0,
        queued_at=Now(),
        finished_at=None,
        priority=Priority.ANEW,
        reanalysis=reanalysis,
    )
    return found


def _acts(action: str, analyses: Iterable[Analysis]) -> list[audit.Act]:
    return [
        audit.Act(
            action=action,
            subject=one,
            patient_id=one.image.case.patient_id,
            detail={"reanalysis": str(one.reanalysis_id)} if one.reanalysis_id else {},
        )
        for one in analyses
    ]
