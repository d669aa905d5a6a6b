"""Intervals over groups: as wide as the groups are unlike each other."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.bootstrap import Rows, intervals


@pytest.fixture
def right() -> NDArray[np.bool_]:
    """Eight of ten images are right."""
    return np.random.default_rng(0).random(500) < 0.8


def test_an_interval_holds_the_figure(right: NDArray[np.bool_]) -> None:
    low, high = intervals(np.arange(500), lambda rows: {"right": float(right[rows].mean())})["right"]

    assert low < right.mean() < high
    expected = 2 * 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 500)  # of independent images
    assert high - low == pytest.approx(expected, rel=0.1)


def test_images_of_one_patient_widen_it(right: NDArray[np.bool_]) -> None:
    groups = np.empty(500, np.int64)
    groups[np.argsort(right)] = np.arange(500) // 25  # patients whose images are all right, or all wrong

    def figure(rows: Rows) -> dict[str, float]:
        return {"right": float(right[rows].mean())}

    alone, grouped = intervals(np.arange(500), figure)["right"], intervals(groups, figure)["right"]

    assert grouped[1] - grouped[0] > 3 * (alone[1] - alone[0])


def test_groups_are_drawn_whole() -> None:
    groups = np.repeat(np.arange(10), 5)

    def whole(rows: Rows) -> dict[str, float]:
        return {"whole": float((np.bincount(groups[rows], minlength=10) % 5 == 0).all())}

    assert intervals(groups, whole) == {"whole": [1.0, 1.0]}


def test_one_group_says_nothing_about_others() -> None:
    assert intervals(np.zeros(20, np.int64), lambda rows: {"n": float(len(rows))}) == {}


def test_a_figure_that_hardly_any_draw_gives_has_no_interval() -> None:
    found = intervals(np.arange(20), lambda rows: {"rare": 1.0 if (rows == 3).sum() > 3 else float("nan"), "n": 1.0})

    assert set(found) == {"n"}


def test_the_same_answers_have_the_same_interval(right: NDArray[np.bool_]) -> None:
    def figure(rows: Rows) -> dict[str, float]:
        return {"right": float(right[rows].mean())}

    assert intervals(np.arange(500), figure) == intervals(np.arange(500), figure)
