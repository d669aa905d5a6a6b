"""`python -m embedded exec`: lends the servers to a command, and gives its exit status back."""

import time
from collections.abc import Sequence
from functools import partial
from signal import SIGTERM

from embedded import environment, leftovers, lock, place, signals
from embedded.place import Place
from embedded.problem import Problem, Stopped
from embedded.server import Server
from embedded.supervisor import Supervisor

LONGEST_WAIT = 60.0  # seconds for the servers of a run that may itself still be starting


def lend(command: Sequence[str]) -> int:
    """Run `command` with this checkout's servers: those of a run that is going on, else started for the command."""
    here = place.lasting()
    servers = environment.servers(here, durable=True)
    variables = environment.application(here, servers)
    with lock.held(here.lock, purpose="python -m embedded exec") as holder:
        if holder is None:
            return _supervised(command, here, servers, variables)
        _wait_for(servers)
        return _supervised(command, here, [], variables)


def lend_temporarily(command: Sequence[str]) -> int:
    """Run `command` with servers, data and passwords that are thrown away afterwards, with whatever it left running."""
    with place.temporary() as there:
        servers = environment.servers(there, durable=False)
        variables = environment.application(there, servers) | environment.mark(there)
        try:
            return _supervised(command, there, servers, variables)
        finally:
            leftovers.end(partial(leftovers.belonging_to, there.var), gently=SIGTERM, patience=3.0)


def _supervised(command: Sequence[str], at: Place, servers: Sequence[Server], variables: dict[str, str]) -> int:
    with Supervisor(servers, account=at.account, logs=at.logs) as supervisor:
        return supervisor.run(command, environment=variables, foreground=True)


def _wait_for(servers: Sequence[Server]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not all(server.answers() for server in servers):
        if time.monotonic() > deadline:
            raise Problem("Another run has this folder, and its servers do not answer. Stop it and try again.")
        if signals.wait(0.2):
            raise Stopped
