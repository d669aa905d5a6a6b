"""Changed images through the decode path alone: `python -m tests.mutations --count 50000 --seed 1`.

Prints what became of them, by format and by change, and how long they took. What must not be is kept in var/mutated.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from embedded.console import say
from embedded.place import CHECKOUT
from tests.mutations import Mutant, mutant
from tests.mutations.decoding import Found, all_read

MEGABYTE = 1024 * 1024
KEPT = CHECKOUT / "var" / "mutated"


def main() -> int:
    """Read and tell; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    told = list(all_read(range(options.first, options.first + options.count), seed=options.seed))
    counts: Counter[str] = Counter("a defect" if one.is_defect else one.outcome for one in told)
    say(f"{len(told)} files of seed {options.seed} in {time.perf_counter() - began:.0f} s")
    for outcome, count in counts.most_common():
        say(f"{count:7} {outcome}")
    slowest, largest = max(told, key=lambda one: one.seconds), max(told, key=lambda one: one.peak)
    say(f"a file took {1000 * statistics.median(one.seconds for one in told):.1f} ms (median)")
    say(f"at most {slowest.seconds:.2f} s: {described(slowest, options.seed)}")
    say(f"at most {largest.peak / MEGABYTE:.0f} MB: {described(largest, options.seed)}")
    defects = [one for one in told if one.is_defect]
    for one in defects:
        say(f"DEFECT {keep(mutant(one.number, seed=options.seed), options.seed)}: {described(one, options.seed)}")
    return int(bool(defects))


def keep(one: Mutant, seed: int) -> Path:
    """Write a file where somebody can look at it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{seed}-{one.number}.{one.format}"
    path.write_bytes(one.content)
    return path


def described(found: Found, seed: int) -> str:
    """What was wrong, and with which file."""
    one = mutant(found.number, seed=seed)
    return f"{one.number}, {one.original}, {' and '.join(one.mutations)}: {found.outcome}"


if __name__ == "__main__":
    sys.exit(main())
