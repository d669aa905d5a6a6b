"""`make demo-reset`: the demo begins afresh, and nothing else is ever removed."""

from tests.embedded.terminal import Checkout


def test_the_demo_is_as_before_its_first_start(checkout: Checkout) -> None:
    checkout.run().stop()
    (checkout.var / "media").mkdir(exist_ok=True)
    (checkout.var / "media" / "image").write_text("an image")
    again = checkout.start("reset", "--sure")
    assert again.ends() == 0, again.output
    assert not checkout.database.exists()
    assert not (checkout.var / "media").exists()
    terminal = checkout.run()
    assert "doctor@example.org word-of-pass" in terminal.output  # new sign-ins
    assert checkout.starts == 1
    terminal.stop()
    assert not checkout.processes()


def test_what_is_not_certain_to_be_a_demo_at_rest_stays(used_checkout: Checkout) -> None:
    first = used_checkout.run()
    while_it_runs = used_checkout.start("reset", "--sure")
    assert while_it_runs.ends() == 1
    assert "Stop that first; nothing was removed" in while_it_runs.output
    assert first.process.poll() is None
    assert first.stop() == 0
    foreign = used_checkout.start("reset", "--sure", FAILING_STEP="seed_demo")  # which says whose it is
    assert foreign.ends() == 1
    assert "is not the demo's. Nothing was removed" in foreign.output
    elsewhere = used_checkout.start("reset", "--sure", DATABASE_URL="postgres://hospital/records")
    assert elsewhere.ends() == 1
    assert "DATABASE_URL is set" in elsewhere.output
    unasked = used_checkout.start("reset")
    assert unasked.ends() == 1
    assert "Nobody is there to ask" in unasked.output
    assert used_checkout.database.exists()
    assert (used_checkout.var / "demo-accounts.txt").exists()
