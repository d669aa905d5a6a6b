"""`make demo-reset`: the demo as it was before its first start. Nothing but the demo is ever removed."""

import os
import shutil
import sys
from pathlib import Path

from embedded import environment, lock, place, signals
from embedded.console import say
from embedded.place import Place
from embedded.problem import Problem
from embedded.supervisor import Supervisor

# Each of these could lead to something that is not the demo's.
ELSEWHERE = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "BROKER_URL", "MEDIA_ROOT", "AUDIT_HEADS_DIR", "FILE_STORAGE")
MADE_BY_THE_DEMO = ("media", "audit-heads", "mail", "incoming", "demo-accounts.txt")


def reset(*, sure: bool) -> None:
    """Remove the demo's data once it is certain that they are the demo's; raises Problem, and removes nothing, else."""
    if given := [name for name in ELSEWHERE if os.environ.get(name) or os.environ.get(f"{name}_FILE")]:
        raise Problem(f"{given[0]} is set and leads away from the demo. Nothing was removed.")
    here = place.lasting()
    with lock.held(here.lock, purpose="make demo-reset") as holder:
        if holder is not None:
            raise Problem(f"Second Read is running from this folder ({holder}). Stop that first; nothing was removed.")
        if not here.database.exists():
            say("There is no demo yet: `make run` makes one.")
            return
        _look(here)
        if not sure:
            _ask(here)
        for path in (here.database, *(here.var / name for name in MADE_BY_THE_DEMO)):
            _remove(path)
    say("The demo is gone. `make run` makes it anew, with new sign-ins.")


def _look(here: Place) -> None:
    """See that the database is the demo's: somebody may have restored another site's backup into it."""
    servers = environment.servers(here, durable=True)
    variables = environment.application(here, servers)
    command = [sys.executable, "manage.py", "seed_demo", "--only-look"]
    with (
        (here.logs / "reset.log").open("wb") as output,
        Supervisor(servers, account=here.account, logs=here.logs) as supervisor,
    ):
        status = supervisor.run(command, environment=variables, foreground=False, output=output)
    if status != 0:
        raise Problem(f"The database in this folder is not the demo's. Nothing was removed; see {here.logs}/reset.log.")


def _ask(here: Place) -> None:
    if not sys.stdin.isatty():
        raise Problem("Nobody is there to ask. If you are sure: make demo-reset SURE=yes")
    sys.stdout.write(f"Everything that was entered into the demo in {here.var} goes. Type yes to go on: ")
    sys.stdout.flush()
    try:
        with signals.let_through():
            answer = sys.stdin.readline()
    except KeyboardInterrupt:
        answer = ""
    if answer.strip().lower() != "yes":
        raise Problem("Nothing was removed.")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
