"""The figures of an evaluation as tables for a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from diagnosis.models import ModelVersion
from diagnosis.views.model_card import Table, figure_tables


@dataclass(frozen=True)
class Cell:
    """How many images of a true class were said to be of a class; `is_right` where the two are the same."""

    count: int
    share: str
    is_right: bool


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix: a row a true class, a column a suggested one."""

    classes: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def tables_of(model: ModelVersion, metrics: Mapping[str, Any]) -> Sequence[Table]:
    """Headline figures with their intervals, figures class by class, and what becomes of the images."""
    if not metrics:
        return ()
    caption = _("Measured on the site's own test set (%(images)s images, %(groups)s groups)")
    said = caption % {"images": metrics["n"], "groups": metrics["groups"]}
    return [table for table in figure_tables(metrics, classes=_classes(model), caption=said) if table.rows]


def confusion_of(model: ModelVersion, metrics: Mapping[str, Any]) -> Confusion | None:
    """The confusion matrix, once there is one."""
    matrix = metrics.get("confusion_matrix")
    if not matrix:
        return None
    classes = _classes(model)
    rows = [
        (name, [_cell(count, of=sum(row), is_right=index == place) for place, count in enumerate(row)])
        for index, (name, row) in enumerate(zip(classes, matrix, strict=True))
    ]
    return Confusion(classes=classes, rows=rows)


def _cell(count: int, *, of: int, is_right: bool) -> Cell:
    share = f"{100 * count / of:.0f}\N{NO-BREAK SPACE}%" if of else ""
    return Cell(count=count, share=share, is_right=is_right)


def _classes(model: ModelVersion) -> Sequence[str]:
    classes: Sequence[str] = model.manifest.get("classes", ())
    return classes
