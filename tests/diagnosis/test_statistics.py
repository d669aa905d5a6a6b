"""The figures of agreement against worked examples from the literature."""

import subprocess
import sys

import pytest

from diagnosis.statistics import Quartiles, cohens_kappa, quartiles, wilson


def table(*rows: tuple[int, ...]) -> dict[tuple[str, str], int]:
    return {(str(one), str(other)): count for one, row in enumerate(rows) for other, count in enumerate(row)}


def test_kappa_and_its_interval_are_those_of_the_textbook() -> None:
    """Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions (2003), tables 18.1 and 18.3: 0.68, error
    0.087, interval 0.51 to 0.85."""
    kappa = cohens_kappa(table((75, 1, 4), (5, 4, 1), (0, 0, 10)))
    assert kappa is not None
    assert (round(kappa.value, 2), round(kappa.low, 2), round(kappa.high, 2)) == (0.68, 0.50, 0.85)
    assert (kappa.high - kappa.low) / 2 / 1.96 == pytest.approx(0.0877, abs=0.0005)


@pytest.mark.parametrize(
    ("rows", "published"),
    [
        (((15, 5), (10, 70)), 0.57),  # Viera, Garrett, Understanding interobserver agreement, Fam Med 37 (2005)
        (((45, 15), (25, 15)), 0.1304),  # two tables with the same share of agreement
        (((25, 35), (5, 35)), 0.2593),
        (((0, 5), (5, 0)), -1.0),
        (((5, 0), (0, 5)), 1.0),
    ],
)
def test_kappa_is_that_of_published_tables(rows: tuple[tuple[int, ...], ...], published: float) -> None:
    kappa = cohens_kappa(table(*rows))
    assert kappa is not None
    assert kappa.value == pytest.approx(published, abs=0.005)
    assert -1 <= kappa.low <= kappa.value <= kappa.high <= 1


@pytest.mark.parametrize("rows", [(), ((7, 0), (0, 0))])
def test_kappa_is_not_made_up_where_it_is_not_defined(rows: tuple[tuple[int, ...], ...]) -> None:
    assert cohens_kappa(table(*rows)) is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [  # Newcombe, Two-sided confidence intervals for the single proportion, Stat Med 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_intervals_are_the_published_ones(count: int, of: int, low: float, high: float) -> None:
    share = wilson(count, of)
    assert share is not None
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_a_share_of_nothing_is_none() -> None:
    assert wilson(0, 0) is None


def test_quartiles_of_counted_values() -> None:
    assert quartiles({5: 1, 7: 1, 9: 1, 600: 1}) == Quartiles(median=7, low=5, high=9, count=4)
    assert quartiles({30: 100}) == Quartiles(median=30, low=30, high=30, count=100)
    assert quartiles({}) is None


def test_nothing_heavy_is_imported_for_it() -> None:
    code = "import sys, diagnosis.statistics; print({'numpy', 'scipy', 'sklearn', 'pandas'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
