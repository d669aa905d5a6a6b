"""`predict`: read images with a model."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.bundle import InvalidBundle
from mlcore.engines.exported import ExportFailed
from mlcore.images import UnreadableImage, decode
from mlcore.predictor import Outcome, Predictor, Verdict

_TOGETHER = 16  # images decoded at a time
_WORDS = {
    Verdict.CONFIDENT: "confident",
    Verdict.REFER: "not sure: look yourself",
    Verdict.OUT_OF_SCOPE: "not an image this model can read",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `predict`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR", help="default: %(default)s")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")


def default_cache() -> Path:
    """Where the command line keeps the serving engine's form of models."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "second-read" / "engines"


def run(args: argparse.Namespace) -> int:
    """Predict; status 1 when an image could not be read, 2 when the model could not."""
    try:
        predictor = Predictor.load(args.model, cache=args.cache)
    except (InvalidBundle, ExportFailed) as error:
        sys.stderr.write(f"{args.model}: {error}\n")
        return 2
    status = 0
    for start in range(0, len(args.images), _TOGETHER):
        for path, answer in _read(predictor, args.images[start : start + _TOGETHER]):
            if isinstance(answer, UnreadableImage):
                status = 1
            line = json.dumps(_as_json(path, answer)) if args.json else _as_text(path, answer)
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return status


def _read(predictor: Predictor, paths: list[Path]) -> Iterator[tuple[Path, Outcome | UnreadableImage]]:
    """Outcomes in the order of the paths; an unreadable image keeps none of the others back."""
    decoded = {path: _decoded(path, predictor.assay.minimum_side) for path in paths}
    images = [image for image in decoded.values() if not isinstance(image, UnreadableImage)]
    outcomes = iter(predictor.predict(images))
    answers = {path: image if isinstance(image, UnreadableImage) else next(outcomes) for path, image in decoded.items()}
    return ((path, answers[path]) for path in paths)


def _decoded(path: Path, minimum_side: int) -> NDArray[np.uint8] | UnreadableImage:
    try:
        return decode(path.read_bytes(), minimum_side=minimum_side)
    except OSError:
        return UnreadableImage("missing")
    except UnreadableImage as error:
        return error


def _as_json(path: Path, answer: Outcome | UnreadableImage) -> dict[str, object]:
    if isinstance(answer, UnreadableImage):
        return {"image": str(path), "error": {"code": answer.code, "message": answer.message}}
    return {
        "image": str(path),
        "label": answer.label or None,
        "confidence": answer.confidence,
        "probabilities": answer.probabilities,
        "prediction_set": list(answer.prediction_set),
        "verdict": str(answer.verdict),
        "model": answer.model,
    }


def _as_text(path: Path, answer: Outcome | UnreadableImage) -> str:
    if isinstance(answer, UnreadableImage):
        return f"{path}: {answer.message}"
    if answer.verdict is Verdict.OUT_OF_SCOPE:
        return f"{path}: {_WORDS[answer.verdict]}"
    shares = ", ".join(f"{name} {p:.1%}" for name, p in answer.probabilities.items())
    return f"{path}: {answer.label} ({_WORDS[answer.verdict]}); {shares}"
