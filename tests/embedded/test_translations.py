"""Catalogues of translations are compiled when they have changed."""

import os
import shutil
from pathlib import Path

import pytest
from django.utils import translation

from embedded import translations
from embedded.place import CHECKOUT
from embedded.problem import Problem

PYBABEL = CHECKOUT / ".venv/bin/pybabel"


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue in a checkout of its own."""
    monkeypatch.setattr(translations, "CHECKOUT", tmp_path)
    folder = tmp_path / "locale/es/LC_MESSAGES"
    folder.mkdir(parents=True)
    return Path(shutil.copy(CHECKOUT / "locale/es/LC_MESSAGES/django.po", folder))


def test_a_new_catalogue_is_compiled(catalogue: Path) -> None:
    translations.compile_changed(PYBABEL)
    assert catalogue.with_suffix(".mo").stat().st_size > 0


def test_a_catalogue_that_has_not_changed_is_left_alone(catalogue: Path) -> None:
    translations.compile_changed(PYBABEL)
    translations.compile_changed(Path("/nowhere/pybabel"))


def test_a_changed_catalogue_is_compiled_again(catalogue: Path) -> None:
    translations.compile_changed(PYBABEL)
    compiled = catalogue.with_suffix(".mo")
    os.utime(compiled, (0, 0))
    translations.compile_changed(PYBABEL)
    assert compiled.stat().st_mtime > 0


def test_a_catalogue_that_cannot_be_read_is_told(catalogue: Path) -> None:
    catalogue.write_bytes(b'msgid "\xff"\nmsgstr "\xff"\n')
    with pytest.raises(Problem, match="could not be compiled"):
        translations.compile_changed(PYBABEL)


def test_a_checkout_without_catalogues_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "CHECKOUT", tmp_path)
    translations.compile_changed(Path("/nowhere/pybabel"))


def test_the_tests_read_what_is_compiled() -> None:
    """`make` compiles before it tests; without it pages would silently be English."""
    with translation.override("es"):
        assert translation.gettext("Sign in") == "Iniciar sesión"
