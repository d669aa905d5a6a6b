"""A case's standing worked out in plain Python from all its rows, to compare the database's with."""

from typing import Any

from diagnosis.models import (
    Analysis,
    AnalysisState,
    AssayPolicy,
    Case,
    Doubt,
    Reading,
    Report,
    SlideImage,
    Stage,
    Urgency,
    Verdict,
)
from diagnosis.models.analysis import PENDING, RETRYABLE
from diagnosis.selectors.cases import MALIGNANT_FROM
from diagnosis.selectors.outcomes import Standing, outcomes_by_image

RANKS = {Urgency.EMERGENCY: 0, Urgency.URGENT: 1, Urgency.ROUTINE: 2}
UNCERTAIN = {Verdict.REFER, Verdict.OUT_OF_SCOPE}


def standing_afresh(case: Case) -> dict[str, Any]:
    """Every column of the case's standing, by the words of its model."""
    case.refresh_from_db()
    images = list(case.images.in_use())
    leading = {image.pk: _leading(image) for image in images}
    states = {pk: analysis.state if analysis else "" for pk, analysis in leading.items()}
    predictions = {pk: getattr(analysis, "prediction", None) for pk, analysis in leading.items()}
    verdicts = [prediction.verdict for prediction in predictions.values() if prediction]
    readings = list(Reading.objects.current().filter(image__in=images))
    outcomes = outcomes_by_image(readings, [image.pk for image in images])
    settled = [pk for pk, outcome in outcomes.items() if outcome.standing is Standing.SETTLED]
    unread = [pk for pk, outcome in outcomes.items() if outcome.standing is Standing.UNREAD and not _waits(states[pk])]
    doubt = min((_doubt(states[pk], predictions[pk]) for pk in unread), default=Doubt.NONE)
    requests = sum(image.reading_requests.open().count() for image in images)
    is_blinded = AssayPolicy.objects.filter(assay=case.assay, blinded_first_read=True).exists()
    report = case.reports.order_by("-version").first()
    return {
        "case_id": case.pk,
        "patient_id": case.patient_id,
        "assay": case.assay,
        "urgency_rank": RANKS[Urgency(case.urgency)],
        "specimen_date": case.specimen_date,
        "images": len(images),
        "pending": sum(_waits(state) for state in states.values()),
        "failed": sum(state in RETRYABLE for state in states.values()),
        "unread": len(unread),
        "settled": len(settled),
        "open_requests": requests,
        **{verdict.value: verdicts.count(verdict.value) for verdict in Verdict},
        "results_changed": sum(_has_changed(image, predictions[image.pk], report) for image in images),
        "model_versions": sorted({analysis.model_version_id for analysis in leading.values() if analysis}),
        "doubt": doubt,
        "shown_doubt": Doubt.NONE if is_blinded else doubt,
        "stage": _stage(case, report, readings, can_be_signed=0 < len(images) == len(settled) and not requests),
        "signed_at": report.created_at if report else None,
    }


def _leading(image: SlideImage) -> Analysis | None:
    """The newest with a result, else the newest."""
    newest_last = sorted(image.analyses.all(), key=lambda one: (one.created_at, one.pk))
    done = [one for one in newest_last if one.state == AnalysisState.SUCCEEDED]
    return next(reversed(done or newest_last), None)


def _has_changed(image: SlideImage, now: Any, report: Report | None) -> bool:
    """Whether the image says otherwise than what the last reading was about, and nobody has signed since."""
    last = image.readings.current().filter(prediction__isnull=False).order_by("created_at", "pk").last()
    about = last.prediction if last else None
    if about is None or now is None or about == now:
        return False
    is_newer = report is None or now.created_at > report.created_at
    return is_newer and (about.verdict, about.label) != (now.verdict, now.label)


def _waits(state: str) -> bool:
    return state in PENDING


def _doubt(state: str, prediction: Any) -> Doubt:
    if state in {AnalysisState.FAILED, AnalysisState.QUARANTINED} or (prediction and prediction.verdict in UNCERTAIN):
        return Doubt.UNCERTAIN
    is_malignant = prediction and prediction.malignant_probability >= MALIGNANT_FROM
    return Doubt.MALIGNANT if is_malignant else Doubt.NONE


def _stage(case: Case, report: Report | None, readings: list[Reading], *, can_be_signed: bool) -> Stage:
    if report and not _is_newer(report, case, readings):
        return Stage.DONE
    return Stage.TO_SIGN if can_be_signed else Stage.OPEN


def _is_newer(report: Report, case: Case, readings: list[Reading]) -> bool:
    is_read = any(reading.created_at > report.created_at for reading in readings)
    return is_read or any(_came_after(report, image) for image in case.images.all())


def _came_after(report: Report, image: SlideImage) -> bool:
    was_there = image.in_use_since <= report.created_at
    if image.withdrawn_at is None:
        return not was_there
    return was_there and image.withdrawn_at > report.created_at
