"""The few figures by which readers and models are compared. Plain arithmetic on counts: nothing heavy is imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt

Z95 = 1.959963984540054  # the standard normal's 97.5 % point


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(count: int, of: int) -> Estimate | None:
    """A share with Wilson's 95 % interval; None of nothing.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
    """
    if of == 0:
        return None
    share, z2 = count / of, Z95**2
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return Estimate(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def cohens_kappa(table: Mapping[tuple[str, str], int]) -> Estimate | None:
    """Agreement of two raters beyond chance, from how often the first said one and the second the other.

    None where it is not defined: without pairs, or when both always said one and the same.

    kappa = (po - pe) / (1 - pe): J. Cohen, A coefficient of agreement for nominal scales, Educational and
    Psychological Measurement 20 (1960), 37-46. The interval is kappa +/- 1.96 of its large-sample standard error:
    J. L. Fleiss, J. Cohen, B. S. Everitt, Large sample standard errors of kappa and weighted kappa,
    Psychological Bulletin 72 (1969), 323-327.
    """
    total = sum(table.values())
    names = sorted({name for pair in table for name in pair})
    first = {name: sum(n for (one, _), n in table.items() if one == name) / total for name in names}
    second = {name: sum(n for (_, other), n in table.items() if other == name) / total for name in names}
    expected = sum(first[name] * second[name] for name in names)
    if total == 0 or expected >= 1:
        return None
    kappa = (sum(table.get((name, name), 0) for name in names) / total - expected) / (1 - expected)
    half = Z95 * sqrt(max(0.0, _variance(table, first, second, kappa, expected)) / total)
    return Estimate(kappa, max(-1.0, kappa - half), min(1.0, kappa + half))


def _variance(
    table: Mapping[tuple[str, str], int],
    first: Mapping[str, float],
    second: Mapping[str, float],
    kappa: float,
    expected: float,
) -> float:
    """Of one pair: divided by the number of pairs it is the variance of kappa (Fleiss et al. 1969, equation 13)."""
    total = sum(table.values())
    agreeing = sum(
        table.get((name, name), 0) / total * (1 - (first[name] + second[name]) * (1 - kappa)) ** 2 for name in first
    )
    differing = sum(n / total * (second[one] + first[other]) ** 2 for (one, other), n in table.items() if one != other)
    chance = (kappa - expected * (1 - kappa)) ** 2
    return (agreeing + (1 - kappa) ** 2 * differing - chance) / (1 - expected) ** 2


@dataclass(frozen=True)
class Quartiles:
    """The middle of some values, and the range of the middle half of them."""

    median: int
    low: int
    high: int
    count: int


def quartiles(counts: Mapping[int, int]) -> Quartiles | None:
    """Of values given as how often each occurs: the smallest value that a quarter, half, three quarters do not pass."""
    total = sum(counts.values())
    if total == 0:
        return None
    values = sorted(counts)
    sums = list(accumulate(counts[value] for value in values))
    low, median, high = (_at(values, sums, share * total) for share in (0.25, 0.5, 0.75))
    return Quartiles(median=median, low=low, high=high, count=total)


def _at(values: Sequence[int], sums: Sequence[int], reached: float) -> int:
    return next(value for value, so_far in zip(values, sums, strict=True) if so_far >= reached)
