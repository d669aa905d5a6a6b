"""`train`: train a model on a folder of images and write a bundle."""

import argparse
import csv
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mlcore.assays import ASSAYS, Assay, get_assay
from mlcore.building import Request, build_bundle
from mlcore.catalogue import NAMES, Shape
from mlcore.datasets import Dataset, InvalidDataset, load_dataset
from mlcore.files import replace_file
from mlcore.manifest import Manifest
from mlcore.plans import PLANS, TrainingPlan
from mlcore.provenance import OWN_IMAGES, PUBLISHED
from mlcore.splits import Split, split_dataset
from mlcore.training import Epoch, Fitted, Trainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder a class")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--architecture", choices=NAMES, help="default: the assay's own compact network")
    parser.add_argument("--epochs", type=int, help="default: the assay's plan")
    parser.add_argument("--groups", type=Path, metavar="manifest.csv", help="file, and patient, block or group columns")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resume", action="store_true", help="go on where a stopped run of the same command was")
    parser.add_argument("--name", help="the model's name (default: from the assay)")
    parser.add_argument("--model-version", default="1.0.0", metavar="VERSION")
    parser.add_argument(
        "--published", action="store_true", help="the folder is the published data set: name it in the card"
    )


def run(args: argparse.Namespace) -> int:
    """Train; status 1 when the folder cannot be learned from, 130 when stopped before the first epoch's end."""
    console = Console(stderr=True)
    assay = get_assay(args.assay)
    plan = _plan(args)
    try:
        with console.status("Reading the folder"):
            dataset = load_dataset(args.data, assay, groups=args.groups)
            split = split_dataset(dataset, seed=args.seed)
    except InvalidDataset as error:
        console.print(f"{error}", style="red")
        return 1
    _describe(console, dataset, split)
    state = args.out.with_suffix(".state")
    if not args.resume:
        state.unlink(missing_ok=True)
    trainer = Trainer(
        plan, Shape(plan.recipe.input_size, len(assay.classes)), epochs=plan.epochs, seed=args.seed, state=state
    )
    try:
        fitted = _fit(console, trainer, plan, split)
    except KeyboardInterrupt:
        console.print("Stopped before the first epoch was over: nothing was written.")
        return 130
    with console.status("Calibrating and measuring"):
        manifest = build_bundle(
            request=_request(args, assay, plan), plan=plan, fitted=fitted, dataset=dataset, split=split, out=args.out
        )
    _write_history(args.out.with_suffix(".history.csv"), fitted)
    _summarise(console, manifest, args.out)
    return 0


def _plan(args: argparse.Namespace) -> TrainingPlan:
    plan = PLANS[args.assay]
    if args.architecture:
        plan = replace(plan, architecture=args.architecture)
        if args.architecture.startswith("prototype"):  # its dense layer fixes the size: no crops
            crop = replace(plan.augmentation, crop=plan.recipe.input_size)
            plan = replace(plan, augmentation=crop, learning_rate=1e-3)
    return replace(plan, epochs=args.epochs) if args.epochs else plan


def _request(args: argparse.Namespace, assay: Assay, plan: TrainingPlan) -> Request:
    options = ["--assay", assay.slug, "--data", "DIR", "--out", args.out.name, "--architecture", plan.architecture]
    options += ["--epochs", str(plan.epochs), "--seed", str(args.seed)]
    options += ["--groups", args.groups.name] if args.groups else []
    return Request(
        assay=assay,
        name=args.name or f"{assay.slug} {plan.architecture}",
        version=args.model_version,
        command=shlex.join(["python", "-m", "mlcore", "train", *options]),
        seed=args.seed,
        epochs=plan.epochs,
        source=PUBLISHED[assay.slug] if args.published else OWN_IMAGES,
    )


def _describe(console: Console, dataset: Dataset, split: Split) -> None:
    console.print(
        f"{len(split.train)} images to train on, {len(split.validation)} to calibrate, {len(split.test)} to test"
    )
    if split.dropped:
        console.print(f"{split.dropped} training images left out: they share a group with the test set")
    if dataset.skipped:
        console.print(f"{len(dataset.skipped)} files skipped:")
        for path, code in dataset.skipped[:10]:
            console.print(f"  {path.name}: {code}")


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
    sys.stdout.flush()
