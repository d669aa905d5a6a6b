"""A model's manifest as tables for a page. A manifest that lacks a part gives a card that lacks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnosis.models import ModelVersion
from mlcore.card import HEADLINES

BEHAVIOUR = {
    "coverage": "Images whose true class is among the possible ones",
    "refer_rate": "Referred to a second reader, of the images in scope",
    "confident_accuracy": "Right, of the confident suggestions",
    "out_of_scope_rate": "Refused as outside what the model knows, though valid",
}


@dataclass(frozen=True)
class Table:
    """A table of a card: its columns' names, and rows of which the first cell is the row's name."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Card:
    """What the manifest says: sentences by their name, and tables."""

    classes: Sequence[str]
    intended_use: str
    not_for: Sequence[str]
    tables: Sequence[Table]
    facts: Sequence[tuple[str, str]]


def card_of(model: ModelVersion) -> Card:
    """The card of a registered model."""
    manifest = model.manifest
    metrics = _part(manifest, "metrics")
    tables = (_headlines(metrics), _per_class(manifest), _behaviour(metrics), _colour(metrics), _data(manifest))
    return Card(
        classes=manifest.get("classes", ()),
        intended_use=manifest.get("intended_use", ""),
        not_for=manifest.get("not_for", ()),
        tables=[table for table in tables if table.rows],
        facts=_facts(manifest),
    )


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "none"


def _share(value: object) -> str:
    return f"{value:.1%}".replace("%", "\N{NO-BREAK SPACE}%") if isinstance(value, float | int) else "none"


def _headlines(metrics: Mapping[str, Any]) -> Table:
    ranges = _part(metrics, "ci95")
    rows = [
        (name, _figure(metrics[key]), " to ".join(map(_figure, ranges.get(key, ()))))
        for key, name in HEADLINES.items()
        if key in metrics
    ]
    over = f" ({metrics['n']} images, {metrics['groups']} groups)" if {"n", "groups"} <= metrics.keys() else ""
    caption = f"Measured on images the model never saw{over}"
    return Table(caption, ("Figure", "Value", "95\N{NO-BREAK SPACE}% interval"), rows)


def _per_class(manifest: Mapping[str, Any]) -> Table:
    found = _part(_part(manifest, "metrics"), "per_class")
    rows = [
        (name, *(_figure(found[name].get(key)) for key in ("precision", "recall", "f1")), str(found[name]["support"]))
        for name in manifest.get("classes", ())
        if name in found
    ]
    return Table("Class by class", ("Class", "Precision", "Recall", "F1", "Images"), rows)


def _behaviour(metrics: Mapping[str, Any]) -> Table:
    rows = [(name, _share(metrics[key])) for key, name in BEHAVIOUR.items() if key in metrics]
    return Table("How it decides", ("On those images", "Share"), rows)


def _colour(metrics: Mapping[str, Any]) -> Table:
    shifted = _part(metrics, "colour_shift")
    rows = [(f"Colour channels changed by up to {gain}\N{NO-BREAK SPACE}%", _figure(v)) for gain, v in shifted.items()]
    reference = _part(metrics, "colour_reference").get("accuracy")
    if reference is not None:
        rows.append(("For comparison: a guess from three mean colours alone", _figure(reference)))
    return Table("When stain or camera differ", ("Change", "Accuracy"), rows)


def _data(manifest: Mapping[str, Any]) -> Table:
    data, classes = _part(manifest, "data"), manifest.get("classes", ())
    rows = [
        (name.capitalize(), *(str(data[name].get(label, 0)) for label in classes), str(data["groups"].get(name, "")))
        for name in ("train", "validation", "test")
        if name in data and "groups" in data
    ]
    return Table("Images it was made with", ("Set", *classes, "Groups"), rows)


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    data, training = _part(manifest, "data"), _part(manifest, "training")
    facts = (
        ("Data", data.get("title")),
        ("Citation", data.get("citation")),
        ("Licence of the data", data.get("licence")),
        ("How the sets were told apart", data.get("split")),
        ("Network", _network(_part(manifest, "architecture"))),
        ("Weights before training", training.get("start")),
        ("Made on", manifest.get("created")),
        ("Made by", training.get("command")),
        ("Source commit", training.get("commit")),
    )
    return [(name, str(value)) for name, value in facts if value]


def _network(architecture: Mapping[str, Any]) -> str:
    if "name" not in architecture:
        return ""
    members, side = architecture.get("members", 1), architecture.get("input_size")
    name = architecture["name"] if members == 1 else f"{members} times {architecture['name']}"
    return f"{name}, input {side} x {side} pixels"
