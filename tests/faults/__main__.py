"""The fault suite: `python -m tests.faults` does every fault to a site of its own and prints what was proved.

`--quick` does those that every run of the tests does; `--random 10000` sends so many images under random faults;
`--mutated 10000` so many images that were changed in every way we know, to a site that nobody hurts.
"""

import argparse
import importlib
import os
import signal
import sys
from pathlib import Path

import django

from embedded.place import CHECKOUT
from tests.faults.site import UNHURRIED, haste, running_site


def main() -> int:
    """Run and tell; 1 when anything was wrong."""
    options = _parser().parse_args()
    if options.mutated:
        options.report = options.report or CHECKOUT / "var" / "mutated.md"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # ends what was started on the way
    told = UNHURRIED if options.mutated else haste(options.pace)
    small_disks = not options.quick and not options.mutated
    with running_site(models=options.models and options.models.resolve(), small_disks=small_disks, told=told) as site:
        os.environ.update(site.variables)
        django.setup()
        name = "tests.faults.mutated_report" if options.mutated else "tests.faults.report"
        report = importlib.import_module(name)  # needs the settings
        return int(report.run(site, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only those that every run of the tests does")
    parser.add_argument("--only", default="", help="only those whose name has this, or one of these a,b,c, in it")
    parser.add_argument("--pace", type=float, default=1.0, help="above 1 for a busy machine: longer leases")
    parser.add_argument("--random", type=int, default=0, metavar="IMAGES", help="random faults instead")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between random faults")
    parser.add_argument("--mutated", type=int, default=0, metavar="IMAGES", help="send changed images instead")
    parser.add_argument("--seed", type=int, default=1, help="of the random faults, or of the changes")
    parser.add_argument("--report", type=Path, help="write the table into this file, too")
    parser.add_argument("--models", type=Path, help="where the exports of models are kept between runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
