"""The card says what the manifest says, and leaves out what was not measured."""

from dataclasses import replace
from typing import Any

import pytest

from mlcore.card import HEADLINES, render_card
from mlcore.manifest import Manifest
from tests.mlcore import bundles


@pytest.fixture
def metrics() -> dict[str, Any]:
    shift = {"10": 0.89, "20": 0.87, "30": 0.8}
    return {
        "n": 200,
        "groups": 20,
        **dict.fromkeys(HEADLINES, 0.912),
        "ci95": {key: [0.876, 0.943] for key in HEADLINES},
        "per_class": {
            kind: {"precision": 0.9, "recall": 0.91, "f1": 0.905, "support": 100} for kind in ("Benign", "Malignant")
        },
        "coverage": 0.953,
        "refer_rate": 0.25,
        "confident_accuracy": 0.991,
        "out_of_scope_rate": 0.03,
        "colour_shift": shift,
        "colour_shift_detail": {"accuracy": shift, "balanced_accuracy": shift, "out_of_scope_rate": shift, "draws": 4},
        "validation": {"n": 900, "groups": 80, "accuracy": 0.901, "balanced_accuracy": 0.899, "auroc": 0.951},
        "colour_reference": {"accuracy": 0.776, "balanced_accuracy": 0.772, "fitted_on": "6719 training images"},
    }


@pytest.fixture
def manifest(metrics: dict[str, Any]) -> Manifest:
    return replace(bundles.manifest(), metrics=metrics)


def test_it_gives_every_figure_with_its_interval(manifest: Manifest) -> None:
    card = render_card(manifest, "0" * 64)

    for name in HEADLINES.values():
        assert f"| {name} | 0.912 | 0.876 to 0.943 |" in card


def test_it_puts_colour_beside_accuracy(manifest: Manifest) -> None:
    card = render_card(manifest, "0" * 64)

    assert "three mean colours alone reaches an accuracy of 0.776 (balanced 0.772)" in card
    assert "| 20 % | 0.870 | 0.870 | 0.870 |" in card
    assert "mean of 4 random changes an image" in card


def test_it_says_what_the_model_is_for_and_what_it_is_not_for(manifest: Manifest) -> None:
    card = render_card(manifest, "0" * 64)

    assert manifest.intended_use in card
    assert all(f"- {item}" in card for item in manifest.not_for)
    assert "does not diagnose" in card


def test_a_figure_that_could_not_be_given_is_called_none(manifest: Manifest, metrics: dict[str, Any]) -> None:
    """Few test images: no malignant one, none confident, a single group."""
    metrics |= {
        "sensitivity": None,
        "confident_accuracy": None,
        "refer_rate": None,
        "ci95": {},
        "colour_reference": {"accuracy": None, "balanced_accuracy": None, "fitted_on": "nothing"},
    }

    card = render_card(replace(manifest, metrics=metrics), "0" * 64)

    assert "| Sensitivity for malignant images | none | none |" in card
    assert "none was confident" in card
    assert "accuracy of none" in card


def test_figures_of_an_older_model_may_be_fewer(manifest: Manifest, metrics: dict[str, Any]) -> None:
    del metrics["malignant_f1"]

    card = render_card(replace(manifest, metrics=metrics), "0" * 64)

    assert "F1 for malignant images" not in card
