"""A model's manifest as tables for a page. A manifest that lacks a part gives a card that lacks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from diagnosis.models import ModelVersion
from mlcore.card import HEADLINES

BEHAVIOUR = {
    "coverage": lazy("Images whose true class is among the possible ones"),
    "refer_rate": lazy("Referred to a second reader, of the images in scope"),
    "confident_accuracy": lazy("Right, of the confident suggestions"),
    "out_of_scope_rate": lazy("Refused as outside what the model knows, though valid"),
}

SETS = {"train": lazy("Train"), "validation": lazy("Validation"), "test": lazy("Test")}


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
    figures = figure_tables(metrics, classes=manifest.get("classes", ()), caption=_never_seen(metrics))
    tables = (*figures, _colour(metrics), _data(manifest))
    return Card(
        classes=[_own_words(name) for name in manifest.get("classes", ())],
        intended_use=_own_words(manifest.get("intended_use")),
        not_for=[_own_words(use) for use in manifest.get("not_for", ())],
        tables=[table for table in tables if table.rows],
        facts=_facts(manifest),
    )


def figure_tables(metrics: Mapping[str, Any], *, classes: Sequence[str], caption: str) -> Sequence[Table]:
    """The figures of a metrics.json: in all, under `caption`, class by class, and how the model decides."""
    return _headlines(metrics, caption), _per_class(metrics, classes), _behaviour(metrics)


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}


def _own_words(text: object) -> str:
    """What an assay's definition says, in the reader's language; what a bundle says otherwise stays as it is."""
    return _(str(text)) if text else ""


def _figure(value: object) -> str:
    return number_format(Decimal(f"{value:.3f}")) if isinstance(value, float | int) else _("none")


def _share(value: object) -> str:
    if not isinstance(value, float | int):
        return _("none")
    return f"{number_format(Decimal(f'{100 * value:.1f}'))}\N{NO-BREAK SPACE}%"


def _headlines(metrics: Mapping[str, Any], caption: str) -> Table:
    ranges = _part(metrics, "ci95")
    rows = [
        (_(name), _figure(metrics[key]), _interval(ranges.get(key, ())))
        for key, name in HEADLINES.items()
        if key in metrics
    ]
    columns = (_("Figure"), _("Value"), _("Interval (95\N{NO-BREAK SPACE}%)"))
    return Table(caption, columns, rows)


def _never_seen(metrics: Mapping[str, Any]) -> str:
    if not {"n", "groups"} <= metrics.keys():
        return _("Measured on images the model never saw")
    caption = _("Measured on images the model never saw (%(images)s images, %(groups)s groups)")
    return caption % {"images": metrics["n"], "groups": metrics["groups"]}


def _interval(bounds: Sequence[object]) -> str:
    lowest_and_highest = [_figure(bound) for bound in bounds]
    return _("%(low)s to %(high)s") % dict(zip(("low", "high"), lowest_and_highest, strict=True)) if bounds else ""


def _per_class(metrics: Mapping[str, Any], classes: Sequence[str]) -> Table:
    found = _part(metrics, "per_class")
    rows = [
        (_own_words(name), *_figures(found[name]), str(found[name]["support"])) for name in classes if name in found
    ]
    return Table(_("Class by class"), (_("Class"), _("Precision"), _("Recall"), "F1", _("Images")), rows)


def _figures(found: Mapping[str, Any]) -> list[str]:
    return [_figure(found.get(key)) for key in ("precision", "recall", "f1")]


def _behaviour(metrics: Mapping[str, Any]) -> Table:
    rows = [(str(name), _share(metrics[key])) for key, name in BEHAVIOUR.items() if key in metrics]
    return Table(_("How it decides"), (_("On those images"), _("Share")), rows)


def _colour(metrics: Mapping[str, Any]) -> Table:
    shifted = _part(metrics, "colour_shift")
    changed = _("Colour channels changed by up to %(gain)s\N{NO-BREAK SPACE}%%")
    rows = [(changed % {"gain": gain}, _figure(value)) for gain, value in shifted.items()]
    reference = _part(metrics, "colour_reference").get("accuracy")
    if reference is not None:
        rows.append((_("For comparison: a guess from three mean colours alone"), _figure(reference)))
    return Table(_("When stain or camera differ"), (_("Change"), _("Accuracy")), rows)


def _data(manifest: Mapping[str, Any]) -> Table:
    data, classes = _part(manifest, "data"), manifest.get("classes", ())
    rows = [
        (str(SETS[name]), *(str(data[name].get(label, 0)) for label in classes), str(data["groups"].get(name, "")))
        for name in SETS
        if name in data and "groups" in data
    ]
    return Table(_("Images it was made with"), (_("Set"), *map(_own_words, classes), _("Groups")), rows)


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    data, training = _part(manifest, "data"), _part(manifest, "training")
    facts = (
        (_("Data"), data.get("title")),
        (_("Citation"), data.get("citation")),
        (_("Licence of the data"), data.get("licence")),
        (_("How the sets were told apart"), data.get("split")),
        (_("Network"), _network(_part(manifest, "architecture"))),
        (_("Weights before training"), training.get("start")),
        (_("Made on"), manifest.get("created")),
        (_("Made by"), training.get("command")),
        (_("Source commit"), training.get("commit")),
    )
    return [(name, str(value)) for name, value in facts if value]


def _network(architecture: Mapping[str, Any]) -> str:
    if "name" not in architecture:
        return ""
    members, side = architecture.get("members", 1), architecture.get("input_size")
    name = architecture["name"]
    if members != 1:
        name = _("%(members)s times %(name)s") % {"members": members, "name": name}
    return _("%(name)s, input %(side)s x %(side)s pixels") % {"name": name, "side": side}
