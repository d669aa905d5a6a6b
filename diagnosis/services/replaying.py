"""Proving a stored result: same image, same model, same numbers."""

from dataclasses import dataclass

from diagnosis.models import Analysis
from diagnosis.services import file_store
from diagnosis.services.predictors import get_predictor
from mlcore.images import decode


@dataclass(frozen=True)
class Replay:
    """What was stored, and what the same model says now."""

    stored: dict[str, float]
    now: dict[str, float]

    @property
    def is_identical(self) -> bool:
        """Whether every digit is the same."""
        return self.stored == self.now


def replay(*, analysis: Analysis) -> Replay:
    """Run a finished analysis again, from the stored original, without storing anything.

    Raises DamagedFile when the original or the model is no longer what it was.
    """
    predictor = get_predictor(analysis.model_version)
    outcome, *_ = predictor.predict([decode(file_store.get(analysis.image.sha256))])
    return Replay(stored=analysis.prediction.probabilities, now=dict(outcome.probabilities))
