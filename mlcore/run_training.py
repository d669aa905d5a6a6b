"""A training run as a person sees it: progress, the bundle with its card, the learning curve."""

import csv
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mlcore.building import build_bundle
from mlcore.catalogue import Shape
from mlcore.datasets import Dataset
from mlcore.files import replace_file
from mlcore.manifest import Manifest
from mlcore.plans import TrainingPlan
from mlcore.requests import Request
from mlcore.splits import Split
from mlcore.training import Epoch, Fitted, Trainer

_STOPPED = 130  # what a shell gives a command ended by Ctrl-C


def run_training(
    *, console: Console, request: Request, plan: TrainingPlan, dataset: Dataset, split: Split, out: Path
) -> int:
    """Train, then write bundle (`out`), card (.md) and learning curve (.history.csv); returns the exit status.

    The state after each epoch is kept beside the bundle (.state); a run goes on from it when it is there.
    """
    shape = Shape(plan.recipe.input_size, len(request.assay.classes))
    trainer = Trainer(plan, shape, epochs=plan.epochs, seed=request.seed, state=out.with_suffix(".state"))
    try:
        fitted = _fit(console, trainer, plan, split)
    except KeyboardInterrupt:
        console.print("Stopped before the first epoch was over: nothing was written.")
        return _STOPPED
    with console.status("Calibrating and measuring"):
        manifest = build_bundle(request=request, plan=plan, fitted=fitted, dataset=dataset, split=split, out=out)
    _write_history(out.with_suffix(".history.csv"), fitted)
    _summarise(console, manifest, out)
    return 0


def _fit(console: Console, trainer: Trainer, plan: TrainingPlan, split: Split) -> Fitted:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    batches = -(-len(split.train) // plan.batch)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Training", total=batches * plan.epochs)

        def report(epoch: Epoch) -> None:
            progress.update(task, completed=epoch.number * batches)
            progress.console.print(
                f"epoch {epoch.number}: loss {epoch.loss:.3f}, validation loss {epoch.validation_loss:.3f}, "
                f"balanced accuracy {epoch.validation_balanced_accuracy:.3f}"
            )

        fitted = trainer.fit(split.train, split.validation, advance=lambda: progress.advance(task), report=report)
    if fitted.interrupted:
        console.print("Stopped: the best epoch so far is kept.")
    return fitted


def _write_history(path: Path, fitted: Fitted) -> None:
    with replace_file(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("epoch", "loss", "validation_loss", "validation_balanced_accuracy"))
        writer.writerows((e.number, e.loss, e.validation_loss, e.validation_balanced_accuracy) for e in fitted.history)


def _summarise(console: Console, manifest: Manifest, out: Path) -> None:
    metrics = manifest.metrics
    console.print(
        f"{out}: on {metrics['n']} test images accuracy {metrics['accuracy']:.3f}, balanced "
        f"{metrics['balanced_accuracy']:.3f}, AUROC {metrics['auroc']:.3f}; colour alone "
        f"{metrics['colour_reference']['accuracy']:.3f}"
    )
