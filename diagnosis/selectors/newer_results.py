"""Results that came after the one that a doctor read or signed. What is withheld from a person is never among them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from clinic.models import User
from diagnosis.models import Case, Prediction, Reading, SlideImage
from diagnosis.selectors.images import ImageStatus
from diagnosis.selectors.report_content import Content
from diagnosis.selectors.report_rows import ReportRows


@dataclass(frozen=True)
class NewerResult:
    """An image's leading result, and the earlier one that a reading or a report is about."""

    image: SlideImage
    before: Prediction
    now: Prediction

    @property
    def says_otherwise(self) -> bool:
        return (self.before.verdict, self.before.label) != (self.now.verdict, self.now.label)


@dataclass(frozen=True)
class ImageResult:
    """One of several results of an image, and the current readings that are about it."""

    prediction: Prediction
    leads: bool
    readings: Sequence[Reading]


def results_of_image(status: ImageStatus, *, person: User) -> Sequence[ImageResult]:
    """All results of an image, the newest first, where it has more than one that the person is shown: one query."""
    analyses = [one for one in (status.analysis, *status.others) if one]
    shown = [one.prediction for one in analyses if getattr(one, "prediction", None)]
    if len(shown) < 2:  # noqa: PLR2004  side by side are two at least
        return ()
    readings = Reading.objects.shown_to(person).current().filter(image=status.image).select_related("reader")
    about = list(readings.order_by("created_at", "pk"))
    return [
        ImageResult(one, one == status.prediction, [said for said in about if said.prediction_id == one.pk])
        for one in shown
    ]


def newer_of_image(results: Sequence[ImageResult], image: SlideImage) -> NewerResult | None:
    """The leading result, where the last reading is about an earlier one."""
    read = [(reading.created_at, result) for result in results for reading in result.readings]
    if not read:
        return None
    (_, last), now = max(read, key=lambda one: one[0]), results[0]
    return None if last.leads else NewerResult(image, last.prediction, now.prediction)


def newer_than_read(rows: ReportRows) -> Sequence[NewerResult]:
    """The images of a case whose result came after the one that the last reading is about: no query."""
    found = []
    for image in rows.in_use:
        if image.pk in rows.withheld:
            continue
        shown = {one.pk: one for one in rows.predictions[image.pk]}
        replaced = {reading.replaces_id for reading in rows.readings[image.pk]}
        about = [one.prediction_id for one in rows.readings[image.pk] if one.prediction_id and one.pk not in replaced]
        before = shown.get(about[-1]) if about else None
        now = _leading(shown.values())
        if before and now and before != now:
            found.append(NewerResult(image, before, now))
    return found


def changed_since(newer: Iterable[NewerResult], signed_at: Any) -> Sequence[NewerResult]:
    """Those that say otherwise, and that nobody has signed since."""
    return [one for one in newer if one.says_otherwise and not (signed_at and one.now.created_at <= signed_at)]


def newer_than_signed(case: Case, content: Content, *, person: User) -> Sequence[NewerResult]:
    """The images of a signed report that have another result by now: one query."""
    signed = {UUID(one["id"]): UUID(one["suggestion"]["id"]) for one in content["images"] if one.get("suggestion")}
    shown = Prediction.objects.shown_to(person).filter(analysis__image__in=signed, analysis__image__case=case)
    by_image: dict[UUID, list[Prediction]] = {}
    for one in shown.select_related("analysis__model_version", "analysis__image"):
        by_image.setdefault(one.analysis.image_id, []).append(one)
    found = []
    for image, said in signed.items():
        before = next((one for one in by_image.get(image, ()) if one.pk == said), None)
        now = _leading(by_image.get(image, ()))
        if before and now and before != now:
            found.append(NewerResult(now.analysis.image, before, now))
    return found


def _leading(predictions: Iterable[Prediction]) -> Prediction | None:
    by_time = sorted(predictions, key=lambda one: (one.analysis.created_at, one.analysis.pk))
    return by_time[-1] if by_time else None
