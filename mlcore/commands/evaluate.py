"""`evaluate`: measure a model on a folder of images."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from mlcore.assays import get_assay
from mlcore.bundle import InvalidBundle
from mlcore.colour_checks import GAINS, colour_reference, colour_shift, draws_for, mean_colours
from mlcore.commands.predict import default_cache
from mlcore.contact_sheet import draw_sheet, most_confident_mistakes, random_examples
from mlcore.datasets import Dataset, InvalidDataset, load_dataset
from mlcore.engines.exported import ExportFailed
from mlcore.evaluation import report
from mlcore.figures import draw_figures
from mlcore.files import replace_file
from mlcore.measuring import Measured, measure
from mlcore.predictor import Predictor
from mlcore.progress import counting
from mlcore.report.writing import write_report
from mlcore.selection import Selection, select
from mlcore.splits import joined_groups


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder a class")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--groups", type=Path, metavar="manifest.csv", help="file, and patient, block or group columns")
    parser.add_argument(
        "--part",
        choices=("all", "test"),
        default="all",
        help="test: of the folder the model was trained on, only the groups that were left out (default: %(default)s)",
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Write metrics.json, figures and report.html; status 1 when the model or the folder is no good.

    Where the folder has a testSet, only that is measured.
    """
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)  # a file may be named [red]
    try:
        predictor = Predictor.load(args.model, cache=args.cache)
        dataset = load_dataset(args.data, get_assay(predictor.manifest.assay), groups=args.groups)
        selection = select(dataset, predictor.manifest, test_groups_only=args.part == "test")
        args.out.mkdir(parents=True, exist_ok=True)
        _announce(console, dataset, selection)
        metrics = _evaluate(console, predictor, selection, dataset, args.out)
    except (InvalidBundle, ExportFailed, InvalidDataset) as error:
        console.print(f"{error}", style="red")
        return 1
    console.print(_conclusion(metrics, args.out / "report.html"))
    return 0


def _announce(console: Console, dataset: Dataset, selection: Selection) -> None:
    console.print(f"{len(selection.samples)} images, {selection.part}; {len(dataset.skipped)} files skipped")
    for warning in selection.warnings:
        console.print(f"Mind: {warning}", style="yellow")


def _evaluate(
    console: Console, predictor: Predictor, selection: Selection, dataset: Dataset, out: Path
) -> dict[str, Any]:
    measured, metrics = _measure(console, predictor, selection)
    metrics |= {
        "model": predictor.digest,
        "measured": selection.part,
        "grouped_by": selection.grouped_by,
        "warnings": list(selection.warnings),
        "skipped": [{"file": path.name, "code": code} for path, code in dataset.skipped],
    }
    with console.status("Drawing the figures"):
        figures = draw_figures(measured, predictor.manifest.classes, metrics, out)
        for name, chosen in (
            ("examples", random_examples(measured)),
            ("mistakes", most_confident_mistakes(measured)),
        ):
            sheet = draw_sheet(predictor, [selection.samples[i] for i in chosen], out / f"{name}.png")
            metrics[name] = sheet.tiles if sheet else []
            if sheet:
                figures[name] = sheet.path
                metrics["maps"] = sheet.maps
    with replace_file(out / "metrics.json") as aside:
        aside.write_text(json.dumps(metrics, indent=1, allow_nan=False), encoding="utf-8")
    write_report(predictor.manifest, metrics, figures, out / "report.html")
    return metrics


def _measure(console: Console, predictor: Predictor, selection: Selection) -> tuple[Measured, dict[str, Any]]:
    samples, groups = selection.samples, np.array(joined_groups(selection.samples))
    passes = 1 + len(GAINS) * draws_for(len(samples))
    with counting(console, "Measuring", total=passes * len(samples), unit="images") as counter:
        measured = measure(predictor, samples, advance=counter.advance)
        shift = colour_shift(predictor, samples, unchanged=measured, advance=counter.advance)
    with console.status("Colours alone"):
        train = None
        if selection.reference:
            train = mean_colours(selection.reference), np.array([sample.label for sample in selection.reference])
        reference = colour_reference(train, (mean_colours(samples), measured.labels), groups)
    return measured, {
        **report(measured, predictor.manifest.classes, groups),
        "colour_shift": shift["accuracy"],
        "colour_shift_detail": shift,
        "colour_reference": reference,
    }


def _conclusion(metrics: dict[str, Any], page: Path) -> str:
    alone, low_high = metrics["colour_reference"]["accuracy"], metrics["ci95"].get("accuracy")
    interval = f" ({low_high[0]:.3f} to {low_high[1]:.3f})" if low_high else ""
    shift = ", ".join(f"{gain} %: {value:.3f}" for gain, value in metrics["colour_shift"].items())
    return (
        f"accuracy {metrics['accuracy']:.3f}{interval}, balanced {metrics['balanced_accuracy']:.3f}; "
        f"colour alone {'unknown' if alone is None else f'{alone:.3f}'}; colours changed by {shift}; see {page}"
    )
