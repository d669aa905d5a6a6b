"""`python -m embedded exec`, on which the tests and every manual command run."""

import signal
import stat
from pathlib import Path

import pytest

from tests.embedded.terminal import Checkout, wait_for

SECRETS = ["DATABASE_URL", "MIGRATION_DATABASE_URL", "BROKER_URL", "SECRET_KEY", "AUDIT_SIGNING_KEY"]
APPLICATION_READS = [*SECRETS, "MEDIA_ROOT", "MODEL_CACHE", "STATIC_ROOT", "AUDIT_HEADS_DIR"]
VARIABLES = [*APPLICATION_READS, "DJANGO_SETTINGS_MODULE", "PORT"]
LEAVE_SOMETHING_RUNNING = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"


TELL = 'echo "$MEDIA_ROOT $DATABASE_URL"; '


def temporary_folders(told: str) -> list[Path]:
    """Where the servers of a command that began with TELL keep their things: ours, and their own."""
    media, database = told.split()[:2]
    return [Path(media).parent, Path(database.partition("?host=")[2]).parent]


@pytest.mark.parametrize("temporary", [False, True])
def test_it_passes_the_exit_status_on(used_checkout: Checkout, *, temporary: bool) -> None:
    terminal = used_checkout.execute("sh", "-c", "exit 7", temporary=temporary)
    assert terminal.process.returncode == 7
    assert not terminal.output


def test_it_tells_the_command_all_that_the_application_reads(used_checkout: Checkout) -> None:
    terminal = used_checkout.execute("printenv", *VARIABLES)
    assert len(terminal.output.splitlines()) == len(VARIABLES)


def test_it_leaves_alone_what_is_set_already(used_checkout: Checkout) -> None:
    terminal = used_checkout.execute(
        "printenv",
        "DJANGO_SETTINGS_MODULE",
        "SECRET_KEY",
        DJANGO_SETTINGS_MODULE="clinic.settings.testing",
        SECRET_KEY="k",
    )
    assert terminal.output.split() == ["clinic.settings.testing", "k"]


def test_a_command_that_is_not_there_is_an_error(used_checkout: Checkout) -> None:
    terminal = used_checkout.execute("no-such-command")
    assert terminal.process.returncode == 127
    assert terminal.output == "no-such-command: no such command.\n"


def test_it_lends_the_servers_of_a_run_that_is_going_on(used_checkout: Checkout) -> None:
    run = used_checkout.run()
    before = used_checkout.process("postgres")
    assert used_checkout.execute("python", "manage.py", "migrate").process.returncode == 0
    assert used_checkout.process("postgres") == before
    assert run.stop() == 0


def test_temporary_data_are_other_data_and_are_gone_afterwards(used_checkout: Checkout) -> None:
    used_checkout.execute("python", "manage.py", "migrate")
    for _ in range(2):
        terminal = used_checkout.execute("sh", "-c", TELL + "python manage.py migrate", temporary=True)
        assert terminal.process.returncode == 0
        assert used_checkout.starts == 1
        assert not any(folder.exists() for folder in temporary_folders(terminal.output))


def test_temporary_data_are_gone_after_a_request_to_stop(used_checkout: Checkout) -> None:
    terminal = used_checkout.start("exec", "--temporary", "--", "sh", "-c", TELL + "echo started; exec sleep 600")
    terminal.wait_until_it_says("started")
    folders = temporary_folders(terminal.output)
    assert all(folder.exists() for folder in folders)
    assert terminal.stop(signal.SIGTERM) == 128 + signal.SIGTERM
    assert not any(folder.exists() for folder in folders)
    assert not used_checkout.processes()


def test_what_a_command_left_running_ends_with_temporary_servers(used_checkout: Checkout) -> None:
    terminal = used_checkout.execute("python", "-c", LEAVE_SOMETHING_RUNNING, temporary=True)
    assert terminal.process.returncode == 0
    wait_for(lambda: not used_checkout.processes(), what="the end of what was left")
    assert not used_checkout.processes()


def test_an_interrupt_is_the_commands_own_affair(used_checkout: Checkout) -> None:
    """As in a shell: pytest, or Django's shell, decides what Ctrl-C means."""
    terminal = used_checkout.start("exec", "--", "sh", "-c", "echo started; sleep 2; exit 5")
    terminal.wait_until_it_says("started")
    assert terminal.stop(signal.SIGINT) == 5


def test_the_checkout_itself_keeps_its_permissions(used_checkout: Checkout) -> None:
    used_checkout.folder.chmod(0o750)
    used_checkout.folder.parent.chmod(0o700)
    used_checkout.execute("true")
    assert stat.S_IMODE(used_checkout.folder.stat().st_mode) == 0o750
    assert stat.S_IMODE(used_checkout.folder.parent.stat().st_mode) == 0o700
