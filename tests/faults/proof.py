"""What must hold after any fault: nothing acknowledged is lost, doubled, or has another image's result."""

import io
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.models import Count

from clinic.models import AuditEvent
from diagnosis.models import Analysis, AnalysisState, Prediction, SlideImage
from diagnosis.models.analysis import PENDING
from diagnosis.selectors.models import active_model
from diagnosis.services import file_store
from diagnosis.services.exports import bundle_file
from diagnosis.services.predictors import get_predictor
from mlcore.images import decode
from mlcore.predictor import Predictor
from tests.faults import asking
from tests.faults.traffic import Traffic

MANY = 500  # images, of which the model is asked by several processes
DAYS_AGO = 2 * 24 * 3600  # seconds: what nobody refers to goes a day after it was stored


def is_settled() -> bool:
    """Whether nothing waits or runs. A database that is just away has not settled anything."""
    try:
        return not Analysis.objects.filter(state__in=PENDING).exists()
    except DatabaseError:
        connection.close()
        return False


def problems(traffic: Traffic) -> list[str]:
    """Everything that is wrong."""
    return [
        *_states(traffic),
        *_doubles(),
        *_mixed_up(traffic),
        *_files_and_trail(),
    ]


def _states(traffic: Traffic) -> Iterator[str]:
    known = set(SlideImage.objects.values_list("case_id", "sha256"))
    if lost := sum((one.case, one.sha256) not in known for one in traffic.acknowledged):
        yield f"{lost} acknowledged images are not there"
    ids = {one.analysis for one in traffic.acknowledged}
    states = Counter(Analysis.objects.filter(pk__in=ids).values_list("state", flat=True))
    set_aside = states.pop(AnalysisState.QUARANTINED, 0)
    if set(states) - {AnalysisState.SUCCEEDED} or set_aside != traffic.set_aside:
        yield f"{set_aside} set aside, not {traffic.set_aside}; beside them {dict(states)}"
        traffic.set_aside = set_aside  # told once


def _doubles() -> Iterator[str]:
    done = Analysis.objects.filter(state=AnalysisState.SUCCEEDED).count()
    if (found := Prediction.objects.count()) != done:
        yield f"{found} predictions of {done} finished analyses"
    told = AuditEvent.objects.filter(action="analysis.succeeded").values("subject_id")
    if twice := told.annotate(times=Count("pk")).filter(times__gt=1).count():
        yield f"{twice} analyses were finished more than once, says the trail"


def _mixed_up(traffic: Traffic) -> Iterator[str]:
    """Every stored figure is what the model says of these very bytes, digit for digit."""
    predictions = Prediction.objects.select_related("analysis__image")
    ours = predictions.filter(analysis__image__sha256__in=traffic.content)
    stored = {one.analysis.image.sha256: one.probabilities for one in ours}
    wrong = sum(stored[sha256] != expected for sha256, expected in _expected(traffic, stored) if sha256 in stored)
    if wrong:
        yield f"{wrong} images have a result that is not theirs"


def _expected(traffic: Traffic, stored: Iterable[str]) -> Iterator[tuple[str, dict[str, float]]]:
    unknown = [sha256 for sha256 in stored if sha256 not in traffic.expected]
    traffic.expected.update(zip(unknown, _asked(traffic, unknown), strict=True))
    for sha256 in stored:
        yield sha256, traffic.expected[sha256]


def _asked(traffic: Traffic, unknown: Sequence[str]) -> Iterable[dict[str, float]]:
    """What the model says of these images: of many by several processes, from the store, which compares digests."""
    model = active_model("leukemia")
    assert model is not None
    if len(unknown) > MANY:
        files = [Path(settings.MEDIA_ROOT) / file_store.name_of(sha256) for sha256 in unknown]
        return asking.results(bundle_file(model.sha256), settings.MODEL_CACHE, files)
    return [_said(get_predictor(model), traffic.content[sha256] or file_store.get(sha256)) for sha256 in unknown]


def _said(predictor: Predictor, content: bytes) -> dict[str, float]:
    (outcome,) = predictor.predict([decode(content)])
    return dict(outcome.probabilities)


def _files_and_trail() -> Iterator[str]:
    """No row without its file, no file without a row once a day has passed, and a trail that can be proved."""
    long_ago = time.time() - DAYS_AGO
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            os.utime(path, (long_ago, long_ago))
    said = io.StringIO()
    try:
        call_command("sweep_files", stdout=said)
        call_command("check_integrity", stdout=said)
    except CommandError as problem:
        yield f"{problem} {said.getvalue()}"
