"""The Dockerfile's steps name what exists, in an order that works."""

import ast
import re

import pytest

from tests.deployment.files import ROOT, copied, dockerfile

STEPS = dockerfile()


def rest_of(word: str) -> list[str]:
    """What follows every instruction `word`."""
    return [step.rest for step in STEPS if step.word == word]


@pytest.mark.parametrize("image", rest_of("FROM"))
def test_the_image_brings_a_python_that_the_lock_supports(image: str) -> None:
    bounds = re.findall(r"^(?:OLDEST|NEWEST) = (\(.*?\))", (ROOT / "install.py").read_text(), flags=re.MULTILINE)
    oldest, newest = (ast.literal_eval(bound) for bound in bounds)
    version = re.match(r"python:(\d+)\.(\d+)-slim", image)
    assert version
    assert oldest <= tuple(int(part) for part in version.groups()) <= newest


@pytest.mark.parametrize("source", sorted({name for step in STEPS if step.word == "COPY" for name in step.copies()[0]}))
def test_it_copies_what_is_there(source: str) -> None:
    made_in_the_image = source.startswith("/application/")
    assert made_in_the_image or (ROOT / source).exists()


def test_everything_it_copies_is_sent_to_the_engine_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    needed = {name for step in STEPS if step.word == "COPY" and "--from" not in step.rest for name in step.copies()[0]}
    assert sent == needed


def test_packages_are_installed_from_the_hashed_locks_after_these_were_copied() -> None:
    here: set[str] = set()
    for step in STEPS:
        if step.word == "COPY":
            here.update(step.copies()[0])
        for lock in re.findall(r"-r (\S+)", step.rest) if step.word == "RUN" else []:
            assert lock in here
            assert "--require-hashes" in step.rest
    assert {"requirements.txt", "requirements-uv.txt"} <= here


def test_the_front_end_is_installed_beside_the_packages_after_its_locks_were_copied() -> None:
    installs = next(step for step in STEPS if "embedded.front_end install .venv/front-end" in step.rest)
    before = [step for step in STEPS[: STEPS.index(installs)] if step.word == "COPY"]
    here = {name for step in before for name in step.copies()[0]}
    assert {"embedded", "front-end", "requirements-node.txt"} <= here
    assert any(step.rest.startswith("--from=packages /application/.venv") for step in STEPS[STEPS.index(installs) :])


def test_static_files_are_collected_after_everything_they_need_is_there() -> None:
    collects = next(number for number, step in enumerate(STEPS) if "collectstatic" in step.rest)
    here = {name for step in STEPS[:collects] if step.word == "COPY" for name in step.copies()[0]}
    assert set(copied()) <= here
    assert any(step.word == "ENV" for step in STEPS[:collects])


def test_it_runs_as_an_ordinary_user_whom_it_has_made() -> None:
    user = next(step for step in STEPS if step.word == "USER")
    before, after = STEPS[: STEPS.index(user)], STEPS[STEPS.index(user) :]
    assert any(f"useradd --system --uid 10001 --gid {user.rest}" in step.rest for step in before)
    assert "RUN" not in {step.word for step in after}


def test_it_keeps_no_secret() -> None:
    kept = " ".join(rest_of("ENV") + rest_of("ARG"))
    assert not re.search(r"SECRET|PASSWORD|DATABASE_URL|BROKER_URL", kept)
