"""What `python -m embedded run` does and says until the application is there."""

import socket
import stat
import time

from tests.embedded.terminal import Checkout


def test_it_prints_the_address_and_the_new_sign_ins(checkout: Checkout) -> None:
    terminal = checkout.run()
    assert f"Second Read is ready: http://127.0.0.1:{checkout.port}/" in terminal.output
    assert "doctor@example.org word-of-pass" in terminal.output
    terminal.stop()


def test_a_second_start_is_quick_finds_the_data_and_prints_no_password(used_checkout: Checkout) -> None:
    used_checkout.run().stop()
    before = used_checkout.starts
    began = time.monotonic()
    terminal = used_checkout.run()
    assert time.monotonic() - began < 15
    assert used_checkout.starts == before + 1
    assert "word-of-pass" not in terminal.output
    assert f"Demo sign-ins: {used_checkout.var / 'demo-accounts.txt'}" in terminal.output
    terminal.stop()


def test_static_files_are_collected_again_only_after_a_change_of_the_code(used_checkout: Checkout) -> None:
    code, times = used_checkout.folder / "embedded" / "new.py", used_checkout.var / "static" / "times.txt"
    used_checkout.run().stop()
    before = times.read_text()
    used_checkout.run().stop()
    assert times.read_text() == before
    code.write_text("changed = True")
    used_checkout.run().stop()
    assert times.read_text() == f"{before}collected "


def test_a_second_run_at_the_same_time_says_that_there_is_one(used_checkout: Checkout) -> None:
    first = used_checkout.run()
    second = used_checkout.start("run")
    assert second.ends() == 1
    assert second.output.startswith(f"Second Read is already running from this folder (process {first.process.pid}, ")
    assert len(second.output.splitlines()) == 1
    assert first.stop() == 0


def test_it_says_when_the_port_is_taken(used_checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", used_checkout.port)):
        terminal = used_checkout.start("run")
        assert terminal.ends() == 1
    assert f"Port {used_checkout.port} is in use by another program" in terminal.output
    assert "PORT=" in terminal.output
    assert not used_checkout.processes()


def test_it_says_when_the_port_is_no_port(used_checkout: Checkout) -> None:
    terminal = used_checkout.start("run", PORT="http")
    assert terminal.ends() == 1
    assert "PORT must be a number" in terminal.output


def test_it_shows_why_a_step_failed_and_stops_everything(used_checkout: Checkout) -> None:
    terminal = used_checkout.start("run", FAILING_STEP="seed_demo")
    assert terminal.ends() == 1
    assert "Demo data: this failed." in terminal.output
    assert "this step went wrong" in terminal.output
    assert "Traceback" not in terminal.output
    assert not used_checkout.processes()


def test_it_uses_servers_that_it_is_given_and_starts_none(used_checkout: Checkout) -> None:
    terminal = used_checkout.start(
        "exec",
        "--",
        "printenv",
        "DATABASE_URL",
        "BROKER_URL",
        DATABASE_URL="postgres://there/db",
        BROKER_URL="redis://there",
    )
    assert terminal.ends() == 0
    assert terminal.output.split() == ["postgres://there/db", "redis://there"]


def test_passwords_are_for_our_eyes_only(used_checkout: Checkout) -> None:
    used_checkout.execute("true")
    secrets = used_checkout.var / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    made = {path: path.read_text() for path in secrets.iterdir()}
    assert len(made) == 5
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in made)
    assert all(len(password) >= 50 for password in made.values())
    assert len(set(made.values())) == 5
