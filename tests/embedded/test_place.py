"""Where things are put."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from embedded import place
from embedded.place import LONGEST_ADDRESS, make_folder
from embedded.problem import Problem
from tests.embedded.terminal import Checkout


def test_the_servers_start_in_a_folder_whose_path_is_no_good_for_sockets(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / ("a long name for Käthe's checkout " * 4).strip())
    try:
        terminal = checkout.execute("sh", "-c", "python manage.py migrate && printenv DATABASE_URL")
        assert terminal.process.returncode == 0, terminal.output
        sockets = terminal.output.partition("?host=")[2].strip()
        assert len(f"{sockets}/.s.PGSQL.5432") <= LONGEST_ADDRESS
        assert sockets.isascii()
    finally:
        checkout.remove()
        shutil.rmtree(place.sockets_of(checkout.var))


def test_a_folder_of_sockets_that_others_could_reach_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / ("long-" * 30)
    elsewhere = place.sockets_of(folder)
    try:
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
        elsewhere.chmod(0o755)
        with pytest.raises(Problem, match="is not ours alone"):
            place.sockets_of(folder)
    finally:
        elsewhere.rmdir()


def test_a_link_in_place_of_a_folder_of_sockets_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 30)
    elsewhere = place.sockets_of(folder)
    elsewhere.rmdir()
    elsewhere.symlink_to(make_folder(tmp_path / "somewhere", 0o700))
    try:
        with pytest.raises(Problem, match="is not ours alone"):
            place.sockets_of(folder)
    finally:
        elsewhere.unlink()


def test_a_folder_gets_exactly_its_permissions_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        made = make_folder(tmp_path / "open", 0o711)
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.stat().st_mode) == 0o711


def test_data_move_with_their_checkout_and_a_new_clone_in_its_place_begins_empty(tmp_path: Path) -> None:
    moved = Checkout(tmp_path / "checkout")
    try:
        assert starts(moved) == 1
        moved.folder = moved.folder.rename(tmp_path / "moved")
        clone = Checkout(tmp_path / "checkout")
        try:
            assert starts(clone) == 1
        finally:
            clone.remove()
        assert starts(moved) == 2
    finally:
        moved.remove()


def starts(checkout: Checkout) -> int:
    """How many starts, with this one, the database of `checkout` knows of."""
    checkout.execute("python", "manage.py", "migrate")
    return checkout.starts
