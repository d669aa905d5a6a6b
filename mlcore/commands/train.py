"""`train`: train a model on a folder of images and write a bundle."""

import argparse
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from mlcore.assays import ASSAYS, Assay, get_assay
from mlcore.catalogue import COMMITTEES, MOST_MEMBERS, NAMES
from mlcore.datasets import SKIPPED, Dataset, InvalidDataset, load_dataset
from mlcore.plans import TrainingPlan, plan_for
from mlcore.provenance import OWN_IMAGES, PUBLISHED
from mlcore.requests import Request
from mlcore.splits import Split, by_image, split_dataset
from mlcore.training_state import UnusableState

_LISTED = 10  # of the files that were skipped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder a class")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--architecture", choices=NAMES, help="default: the assay's own compact network")
    parser.add_argument("--members", type=_number_from(1), help="networks that answer together (default: the plan's)")
    parser.add_argument("--epochs", type=_number_from(1), help="default: the assay's plan")
    parser.add_argument("--groups", type=Path, metavar="manifest.csv", help="file, and patient, block or group columns")
    parser.add_argument(
        "--split",
        choices=("groups", "images"),
        default="groups",
        help="images: at random, as many papers do; the same patient is then on both sides and the figures flatter",
    )
    parser.add_argument("--seed", type=_number_from(0), default=7)
    parser.add_argument(
        "--mixed-precision",
        action="store_true",
        help="learn in bfloat16: for the prototype networks up to twice as fast where the processor has it "
        "(avx512_bf16, amx), slower elsewhere; the compact networks gain nothing on a processor",
    )
    parser.add_argument("--resume", action="store_true", help="go on where a stopped run of the same command was")
    parser.add_argument("--name", help="the model's name (default: from the assay)")
    parser.add_argument("--model-version", default="1.0.0", metavar="VERSION")
    parser.add_argument(
        "--published", action="store_true", help="the folder is the published data set: name it in the card"
    )


def run(args: argparse.Namespace) -> int:
    """Train; status 1 when the folder cannot be learned from, 130 when stopped before the first epoch's end."""
    console = Console(stderr=True, markup=False)  # a file may be named [red]
    assay = get_assay(args.assay)
    plan = _plan(args)
    if plan.members > (MOST_MEMBERS if plan.architecture in COMMITTEES else 1):
        console.print(f"{plan.architecture} cannot have {plan.members} members", style="red")
        return 1
    try:
        with console.status("Reading the folder"):
            dataset = load_dataset(args.data, assay, groups=args.groups)
            dataset = by_image(dataset) if args.split == "images" else dataset
            split = split_dataset(dataset, seed=args.seed)
    except InvalidDataset as error:
        console.print(f"{error}", style="red")
        return 1
    _describe(console, dataset, split)
    # Imported only now: a folder that is no good is told at once, not after ten seconds of loading Keras.
    from mlcore.run_training import run_training, state_path  # noqa: PLC0415

    if not args.resume:
        for number in range(1, plan.members + 1):
            state_path(args.out, number, plan.members).unlink(missing_ok=True)
    request = _request(args, assay, plan)
    try:
        return run_training(console=console, request=request, plan=plan, dataset=dataset, split=split, out=args.out)
    except (UnusableState, InvalidDataset) as error:
        console.print(f"{error}", style="red")
        return 1


def _number_from(least: int) -> Callable[[str], int]:
    """A whole number for argparse that is at least so much."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return number


def _plan(args: argparse.Namespace) -> TrainingPlan:
    plan = plan_for(args.assay, args.architecture)
    plan = replace(plan, epochs=args.epochs or plan.epochs, members=args.members or plan.members)
    return replace(plan, precision="mixed_bfloat16") if args.mixed_precision else plan


def _request(args: argparse.Namespace, assay: Assay, plan: TrainingPlan) -> Request:
    options = ["--assay", assay.slug, "--data", "DIR", "--out", args.out.name, "--architecture", plan.architecture]
    options += ["--members", str(plan.members), "--epochs", str(plan.epochs), "--seed", str(args.seed)]
    options += ["--groups", args.groups.name] if args.groups else []
    options += ["--split", "images"] if args.split == "images" else []
    options += ["--mixed-precision"] if args.mixed_precision else []
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
    if dataset.ungrouped:
        console.print(f"{dataset.ungrouped} images have no group in the table: nothing says which others are like them")
    if dataset.skipped:
        console.print(f"{len(dataset.skipped)} files skipped:")
        for path, code in dataset.skipped[:_LISTED]:
            console.print(f"  {path.parent.name}/{path.name}: {SKIPPED.get(code, code)}")
        if len(dataset.skipped) > _LISTED:
            console.print(f"  and {len(dataset.skipped) - _LISTED} more")
