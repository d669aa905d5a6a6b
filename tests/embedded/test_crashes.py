"""What is left after parts or all of it were killed outright."""

import os
import signal
from functools import partial
from pathlib import Path

from tests.embedded.terminal import Checkout, wait_for


def test_all_data_are_there_after_everything_was_killed_at_once(used_checkout: Checkout) -> None:
    used_checkout.run()
    before = used_checkout.starts
    used_checkout.kill_everything()
    terminal = used_checkout.run()
    assert used_checkout.starts == before + 1
    assert terminal.stop() == 0


def test_an_upload_that_a_crash_cut_off_does_not_stay_behind(used_checkout: Checkout) -> None:
    terminal = used_checkout.run()
    environment = Path(f"/proc/{used_checkout.worker()}/environ").read_bytes().decode().split("\0")
    incoming = used_checkout.var / "incoming"
    assert f"TMPDIR={incoming}" in environment
    assert incoming.stat().st_mode & 0o077 == 0
    (incoming / "half an image").write_bytes(b"pixels")
    used_checkout.kill_everything()
    terminal.ends()
    terminal = used_checkout.run()
    assert list(incoming.iterdir()) == []
    assert terminal.stop() == 0


def test_nothing_outlives_a_supervisor_that_was_killed(used_checkout: Checkout) -> None:
    terminal = used_checkout.run()
    used_checkout.worker()
    terminal.process.kill()
    terminal.ends()
    wait_for(lambda: not used_checkout.processes(), what=f"the end of {used_checkout.processes()}")


def test_the_next_start_may_come_while_the_servers_of_a_killed_run_still_end(used_checkout: Checkout) -> None:
    first = used_checkout.run()
    first.process.kill()
    first.ends()
    second = used_checkout.run()
    assert second.stop() == 0
    assert not used_checkout.processes()


def test_a_killed_worker_is_started_again(used_checkout: Checkout) -> None:
    terminal = used_checkout.run()
    before = used_checkout.worker()
    os.kill(before, signal.SIGKILL)
    terminal.wait_until_it_says("The worker process was killed by signal 9")
    wait_for(lambda: used_checkout.worker() != before, what="another worker")
    assert terminal.stop() == 0
    assert not used_checkout.processes()


def test_a_worker_that_is_killed_again_and_again_stops_the_rest(used_checkout: Checkout) -> None:
    terminal = used_checkout.run()
    for times in range(1, 6):
        os.kill(used_checkout.worker(), signal.SIGKILL)
        terminal.wait_until_it_says("Starting it again.", times=times)
    os.kill(used_checkout.worker(), signal.SIGKILL)
    assert terminal.ends() == 1
    assert "The worker process was killed by signal 9. Its last lines" in terminal.output


def test_killed_servers_are_started_again(used_checkout: Checkout) -> None:
    terminal = used_checkout.run()
    for name, program in (("PostgreSQL", "postgres"), ("Valkey", "valkey-server")):
        before = used_checkout.process(program)
        os.kill(before, signal.SIGKILL)
        terminal.wait_until_it_says(f"{name} ended unexpectedly (-9). Starting it again.")
        wait_for(partial(_has_another, used_checkout, program, before), what=name)
    assert used_checkout.execute("python", "manage.py", "migrate").process.returncode == 0
    assert terminal.stop() == 0
    assert not used_checkout.processes()


def test_a_pid_file_that_names_somebody_else_keeps_nothing_from_starting(used_checkout: Checkout) -> None:
    """After a crash of the machine, the number in PostgreSQL's file may be any process's."""
    used_checkout.execute("true")
    (used_checkout.database / "postmaster.pid").write_text(f"{os.getpid()}\n{used_checkout.database}\n")
    terminal = used_checkout.execute("true")
    assert terminal.process.returncode == 0, terminal.output


def test_a_database_made_by_half_is_made_afresh(checkout: Checkout) -> None:
    half = checkout.database.with_suffix(".new")
    checkout.execute("true")
    checkout.database.rename(half)
    (half / "PG_VERSION").unlink()
    assert checkout.execute("true").process.returncode == 0


def test_a_database_without_its_passwords_is_left_alone(checkout: Checkout) -> None:
    checkout.execute("true")
    (checkout.var / "secrets").rename(checkout.folder / "lost")
    terminal = checkout.execute("true")
    assert terminal.process.returncode == 1
    assert f"There is a database in {checkout.database}, but its password is gone" in terminal.output
    assert checkout.database.exists()


def _has_another(checkout: Checkout, program: str, before: int) -> bool:
    return checkout.process(program) not in {0, before}
