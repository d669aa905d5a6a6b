"""What docker-compose.yml and the Dockerfile say, read as their engine would read them."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}|\$\$")
APPLICATION = ("migrate", "web", "worker", "scheduler", "backup")


class NotSetError(Exception):
    """A required variable of docker-compose.yml is missing, and the engine would refuse to start."""


def compose(**given: str) -> dict[str, Any]:
    """docker-compose.yml with its variables replaced, as the engine reads it with `given` in the environment."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    filled: dict[str, Any] = _filled(read, given)
    return filled


def _filled(value: Any, given: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(part, given) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, given) for part in value]
    return VARIABLE.sub(lambda match: _value(match, given), value) if isinstance(value, str) else value


def _value(match: re.Match[str], given: dict[str, str]) -> str:
    if match[0] == "$$":
        return "$"
    if match["name"] in given:
        return given[match["name"]]
    if match["kind"] == "-":
        return match["rest"]
    raise NotSetError(match["name"])


@dataclass(frozen=True)
class Instruction:
    """One instruction of the Dockerfile, in the stage that it belongs to."""

    stage: int
    word: str
    rest: str

    def copies(self) -> tuple[list[str], str]:
        """Of COPY: what is copied and where to."""
        *sources, target = [word for word in shlex.split(self.rest) if not word.startswith("--")]
        return sources, target


def dockerfile() -> list[Instruction]:
    """The Dockerfile's instructions in their order."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    found: list[Instruction] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        stage = sum(instruction.word == "FROM" for instruction in found) - (word != "FROM")
        found.append(Instruction(stage, word, rest.strip()))
    return found


def image_environment() -> dict[str, str]:
    """What ENV sets in the last stage."""
    pairs = [shlex.split(instruction.rest) for instruction in dockerfile() if instruction.word == "ENV"]
    return dict(word.split("=", maxsplit=1) for words in pairs for word in words)


def copied() -> list[str]:
    """What the last stage copies from the checkout."""
    steps = dockerfile()
    last = steps[-1].stage
    copies = [step for step in steps if step.word == "COPY" and step.stage == last and "--from" not in step.rest]
    return [source for step in copies for source in step.copies()[0]]
