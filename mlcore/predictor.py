"""One way from pixels to an outcome, for the worker and the command line alike."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.assays import Assay, get_assay
from mlcore.bundle import Bundle, InvalidBundle, read_bundle
from mlcore.calibration import calibrated, prediction_set
from mlcore.engines import Engine, Forward
from mlcore.engines.exported import exported
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.explain import class_activation_map, has_activation_map
from mlcore.manifest import Manifest
from mlcore.outcomes import Outcome, Verdict
from mlcore.preprocessing import prepare
from mlcore.scope import distances, in_scope_score, look
from mlcore.segmentation import segment

__all__ = ["Outcome", "Predictor", "Verdict"]

_IN_SCOPE_FROM = 0.5


class Predictor:
    """A model ready to read images. Loading takes half a second once the bundle's export is in the cache."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self._bundle = bundle
        self._engine = engine
        # In the precision that distances are worked out in: else all of it would be converted for every image.
        self._scope = {name: np.asarray(values, np.float64) for name, values in bundle.scope.items()}
        self.assay: Assay = get_assay(bundle.manifest.assay)

    @classmethod
    def load(cls, path: Path, *, cache: Path, expected_digest: str | None = None, threads: int | None = None) -> Self:
        """Load a bundle into the serving engine.

        InvalidBundle when the file is no good or not the expected one, ExportFailed when the engine cannot be made.
        `threads` limits the engine's threads; None takes all cores.
        """
        bundle = read_bundle(path)
        if expected_digest is not None and bundle.digest != expected_digest:
            raise InvalidBundle("the model file is not the one that was registered: its digest differs")
        export = exported(path, digest=bundle.digest, cache=cache)
        size = bundle.manifest.recipe.input_size
        return cls(bundle, OpenVinoEngine(export.graph, export.weights, input_size=size, threads=threads))

    @property
    def digest(self) -> str:
        """The SHA-256 of the model bundle."""
        return self._bundle.digest

    @property
    def manifest(self) -> Manifest:
        """What the bundle says about itself."""
        return self._bundle.manifest

    def predict(self, images: Sequence[NDArray[np.uint8]]) -> list[Outcome]:
        """Outcomes for upright 8-bit RGB images (each H x W x 3, any size), in the same order."""
        prepared = [prepare(image, self.manifest.recipe) for image in images]
        answers = self._engine.run(prepared)
        return [
            self._outcome(image, pixels, answer)
            for image, pixels, answer in zip(images, prepared, answers, strict=True)
        ]

    def _outcome(self, image: NDArray[np.uint8], pixels: NDArray[np.float32], answer: Forward) -> Outcome:
        manifest, classes = self.manifest, self.manifest.classes
        row = calibrated(answer.logits, classes, manifest.calibration)
        best = int(row.argmax())
        labels = prediction_set(row, classes, manifest.calibration)
        pooled = answer.features.mean(axis=(0, 1), dtype=np.float32)
        segmentation = segment(image, manifest.recipe.segmentation)
        found = distances(self._scope, pooled, look(pixels, segmentation))
        score = in_scope_score(found, image.shape[:2], manifest.scope)
        verdict = self._verdict(score, labels, classes[best], float(row[best]))
        inside = verdict is not Verdict.OUT_OF_SCOPE
        kernel = self._bundle.network["logits/kernel"]
        by_class = {name: float(p) for name, p in zip(classes, row, strict=True)}
        return Outcome(
            probabilities=by_class,
            malignant_probability=sum(by_class[name] for name in classes if name in self.assay.malignant),
            label=classes[best] if inside else "",
            confidence=float(row[best]),
            prediction_set=labels if inside else (),
            verdict=verdict,
            in_scope_score=score,
            mask=segmentation.mask,
            mask_area_fraction=segmentation.area_fraction,
            contour_count=segmentation.contour_count,
            activation_map=(
                class_activation_map(answer.features, kernel, best, image.shape[:2])
                if has_activation_map(answer.features, kernel)
                else None
            ),
            model=self.digest,
        )

    def _verdict(self, score: float, labels: tuple[str, ...], best: str, confidence: float) -> Verdict:
        if score < _IN_SCOPE_FROM:
            return Verdict.OUT_OF_SCOPE
        if labels == (best,) and confidence >= self.manifest.calibration.confident_from:
            return Verdict.CONFIDENT
        return Verdict.REFER
