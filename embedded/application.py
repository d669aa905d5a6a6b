"""`python -m embedded run`: the servers, then the application brought up to date, then its processes."""

import shutil
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import SIGTERM

from embedded import address, environment, leftovers, lock, place
from embedded.announcement import Announcement
from embedded.console import say
from embedded.place import Place, make_folder
from embedded.problem import Problem, Stopped
from embedded.steps import bring_up_to_date
from embedded.supervisor import Supervisor


def run() -> None:
    """Run until somebody stops it; raises Problem when a part ends that should not."""
    here = place.lasting()
    with lock.held(here.lock, purpose="make run") as holder:
        if holder is not None:
            raise Problem(f"Second Read is already running from this folder ({holder}). Stop that first.")
        end_processes = partial(leftovers.end, partial(leftovers.belonging_to, here.var), gently=SIGTERM, patience=6.0)
        end_processes()  # of a run that was killed outright
        try:
            with suppress(Stopped):
                _serve(here)
        finally:
            end_processes()
        say(f"Second Read has stopped. Its data stay in {here.var}.")


def _incoming(here: Place) -> Path:
    """An empty folder for uploads under way: an image that a crash cut off must not stay behind in /tmp."""
    folder = here.var / "incoming"
    shutil.rmtree(folder, ignore_errors=True)
    return make_folder(folder, 0o700)


def _serve(here: Place) -> None:
    servers = environment.servers(here, durable=True)
    variables = environment.application(here, servers) | environment.mark(here) | {"TMPDIR": str(_incoming(here))}
    make_folder(here.var / "mail", 0o700)  # links in mails open accounts
    ready_at = address.free(variables["PORT"])
    accounts = here.var / "demo-accounts.txt"
    had_accounts = accounts.exists()
    say("Second Read is starting.")
    with Supervisor(servers, account=here.account, logs=here.logs) as supervisor:
        for server in servers:
            say(f"  {server.name}: up")
        bring_up_to_date(supervisor, at=here, environment=variables)
        announcement = Announcement(
            ready_at, accounts, here.var / "mail", with_passwords=accounts.exists() and not had_accounts
        )
        supervisor.run(
            [sys.executable, "-m", "embedded.procfile"],
            environment=environment.for_processes(variables),
            foreground=False,
            meanwhile=announcement.when_it_answers,
        )
        if not supervisor.asked_to_stop:
            raise Problem("Second Read has ended, because one of its processes did.")
