"""`evaluate`: measure a model on a folder of images."""

import argparse
import base64
import html
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from mlcore.assays import get_assay
from mlcore.bundle import InvalidBundle
from mlcore.commands.predict import default_cache
from mlcore.contact_sheet import draw_contact_sheet
from mlcore.datasets import InvalidDataset, Sample, load_dataset
from mlcore.engines.exported import ExportFailed
from mlcore.evaluation import colour_reference, colour_shift, mean_colours, measure, report
from mlcore.figures import draw_figures
from mlcore.files import replace_file
from mlcore.predictor import Predictor
from mlcore.splits import joined_groups


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder a class")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--groups", type=Path, metavar="manifest.csv", help="file, and patient, block or group columns")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Write metrics.json, figures and report.html; status 1 when the model or the folder is no good.

    Where the folder has a testSet, only that is measured.
    """
    console = Console(stderr=True)
    try:
        predictor = Predictor.load(args.model, cache=args.cache)
        dataset = load_dataset(args.data, get_assay(predictor.manifest.assay), groups=args.groups)
    except (InvalidBundle, ExportFailed, InvalidDataset) as error:
        console.print(f"{error}", style="red")
        return 1
    samples = [sample for sample in dataset.samples if sample.held_out] or list(dataset.samples)
    console.print(f"{len(samples)} images, {len(dataset.skipped)} files skipped")
    args.out.mkdir(parents=True, exist_ok=True)
    with console.status("Measuring"):
        metrics = _evaluate(predictor, samples, args.out)
    metrics["skipped"] = [{"file": path.name, "code": code} for path, code in dataset.skipped]
    with replace_file(args.out / "metrics.json") as aside:
        aside.write_text(json.dumps(metrics, indent=1, allow_nan=False), encoding="utf-8")
    _write_report(predictor, metrics, args.out)
    console.print(
        f"accuracy {metrics['accuracy']:.3f}, balanced {metrics['balanced_accuracy']:.3f}, "
        f"colour alone {metrics['colour_reference']['accuracy']:.3f}; see {args.out / 'report.html'}"
    )
    return 0


def _evaluate(predictor: Predictor, samples: list[Sample], out: Path) -> dict[str, Any]:
    groups = np.array(joined_groups(samples))
    measured = measure(predictor, samples)
    shift = colour_shift(predictor, samples)
    metrics = {
        **report(measured, predictor.manifest.classes, groups),
        "colour_shift": shift["accuracy"],
        "colour_shift_detail": shift,
        "colour_reference": colour_reference(None, (mean_colours(samples), measured.labels), groups),
        "model": predictor.digest,
    }
    draw_figures(measured, predictor.manifest.classes, metrics, out)
    metrics["mistakes_shown"] = draw_contact_sheet(predictor, samples, measured, out / "mistakes.png")
    return metrics


def _write_report(predictor: Predictor, metrics: dict[str, Any], out: Path) -> None:
    """One page that opens alone: the figures are inside it."""
    manifest = predictor.manifest
    rows = "".join(
        f"<tr><td>{name.replace('_', ' ')}</td><td>{metrics[name]:.3f}</td><td>{low:.3f} to {high:.3f}</td></tr>"
        for name, (low, high) in metrics["ci95"].items()
    )
    pictures = "".join(
        f'<figure><img alt="{path.stem.replace("_", " ")}" src="data:image/png;base64,'
        f'{base64.b64encode(path.read_bytes()).decode()}"></figure>'
        for path in sorted(out.glob("*.png"))
    )
    page = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{html.escape(manifest.name)}: evaluation</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse}}td,th{{padding:.25rem .75rem;border-bottom:1px solid #ccc;text-align:left}}
figure{{display:inline-block;margin:1rem}}img{{max-width:100%}}</style>
<h1>{html.escape(manifest.name)} {html.escape(manifest.version)}</h1>
<p>Bundle {predictor.digest}. {metrics["n"]} images in {metrics["groups"]} groups.
The true class is in the prediction set for {metrics["coverage"]:.1%}; {metrics["refer_rate"]:.1%} are referred;
{metrics["out_of_scope_rate"]:.1%} are refused as out of scope. Three mean colours alone reach an accuracy of
{metrics["colour_reference"]["accuracy"]:.3f} on these images.</p>
<table><tr><th>figure</th><th>value</th><th>95 % interval over groups</th></tr>{rows}</table>
{pictures}
<p>A second reader, not a medical device: the doctor decides.</p></html>
"""
    with replace_file(out / "report.html") as aside:
        aside.write_text(page, encoding="utf-8")
