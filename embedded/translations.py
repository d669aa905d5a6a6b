"""Compiles the translations, again only when one has changed; what is compiled is no part of the checkout."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from embedded.place import CHECKOUT
from embedded.problem import Problem


def compile_changed(pybabel: Path) -> None:
    """Make every catalogue one that the application reads."""
    if not any(_changed()):
        return
    command = [str(pybabel), "compile", "--directory", "locale", "--domain", "django"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Problem(f"The translations could not be compiled:\n{done.stderr}")


def _changed() -> Iterator[Path]:
    for catalogue in (CHECKOUT / "locale").glob("*/LC_MESSAGES/*.po"):
        compiled = catalogue.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime <= catalogue.stat().st_mtime:
            yield catalogue
