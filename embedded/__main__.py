"""The command line: `python -m embedded run`, `exec [--temporary] -- COMMAND...` and `reset [--sure]`."""

import argparse
import os
import sys
from signal import SIGTERM

from embedded import application, lending, place, resetting, signals
from embedded.console import complain
from embedded.problem import Problem, Stopped


def main() -> int:
    """Do what the command line asks. What the person can mend is told in a line, without a traceback."""
    arguments = _parser().parse_args()
    os.chdir(place.CHECKOUT)
    signals.block()
    try:
        if arguments.action == "run":
            application.run()
            return 0
        if arguments.action == "reset":
            resetting.reset(sure=arguments.sure)
            return 0
        return lending.lend_temporarily(arguments.command) if arguments.temporary else lending.lend(arguments.command)
    except Problem as problem:
        complain(str(problem))
        return 1
    except Stopped:
        return 128 + SIGTERM


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded", description="PostgreSQL and a broker on this machine.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("run", help="start everything, until Ctrl-C")
    again = actions.add_parser("reset", help="put the demo back to how it was before its first start")
    again.add_argument("--sure", action="store_true", help="do not ask")
    lend = actions.add_parser("exec", help="run a command with the database and the broker")
    lend.add_argument("--temporary", action="store_true", help="with data that are thrown away afterwards")
    lend.add_argument("command", nargs="+", metavar="COMMAND", help="after --")
    return parser


if __name__ == "__main__":
    sys.exit(main())
