"""Trains a small network, in a process of its own, and prints a line of JSON about each run.

    python -m tests.mlcore.small_training DATA FOLDER RUN...

A RUN is NAME:SEED:EPOCHS, or NAME:SEED:EPOCHS:STOP to be stopped after that epoch; its state is FOLDER/NAME.state,
and a run whose state is there goes on from it.
"""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import load_file

from mlcore.assays import get_assay
from mlcore.catalogue import Shape
from mlcore.datasets import InvalidDataset, load_dataset
from mlcore.plans import TrainingPlan, plan_for
from mlcore.splits import split_dataset
from mlcore.training import Epoch, Trainer
from mlcore.training_state import UnusableState

SIDE = 32


def small_plan() -> TrainingPlan:
    """A small network with the breast plan's ways, on smaller images in smaller batches: several steps an epoch."""
    plan = plan_for("breast", "compact-breast")
    return replace(
        plan,
        recipe=replace(plan.recipe, input_size=SIDE),
        augmentation=replace(plan.augmentation, crop=SIDE),
        batch=8,
        averaging=float(os.environ.get("AVERAGING", plan.averaging)),
        precision="mixed_bfloat16" if "MIXED_PRECISION" in os.environ else "float32",
    )


def train(data: Path, state: Path, *, seed: int, epochs: int, stop: int | None) -> dict[str, object]:
    """Run once; what it came to, or why it was refused."""
    plan = small_plan()
    split = split_dataset(load_dataset(data, get_assay("breast")), seed=1)
    if "VANISHING" in os.environ:
        split.train[-1].path.unlink()

    def report(epoch: Epoch) -> None:
        if epoch.number == stop:
            raise KeyboardInterrupt

    trainer = Trainer(plan, Shape(SIDE, 2), epochs=epochs, seed=seed, state=state)
    try:
        fitted = trainer.fit(split.train, split.validation, advance=lambda: None, report=report)
    except (UnusableState, InvalidDataset) as error:
        return {"refused": str(error)}
    tensors = load_file(state)  # the last weights, the averaged and the best, the optimizer, the random numbers
    return {
        "state": hashlib.sha256(b"".join(tensors[name].tobytes() for name in sorted(tensors))).hexdigest(),
        "averaged_is_live": all(
            np.allclose(value, tensors[name.replace("live/", "averaged/")], atol=1e-6)
            for name, value in tensors.items()
            if name.startswith("live/")
        ),
        "epochs": [epoch.loss for epoch in fitted.history],
        "interrupted": fitted.interrupted,
        "tensorflow": "tensorflow" in sys.modules,
        "backend": keras.backend.backend(),
    }


def main() -> None:
    """Every run in turn."""
    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for run in sys.argv[3:]:
        name, seed, epochs, *stop = run.split(":")
        found = train(
            data, folder / f"{name}.state", seed=int(seed), epochs=int(epochs), stop=int(stop[0]) if stop else None
        )
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
