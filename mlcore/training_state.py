"""The state of a training run, kept after each epoch, so that a run that was stopped can go on where it was."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mlcore.files import replace_file

Arrays = dict[str, NDArray[Any]]
Rows = list[tuple[int, float, float, float]]

_OPTIMIZER, _RANDOM = "optimizer/", "random/"


class UnusableState(ValueError):
    """A run cannot go on from a state file; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where a run is. `run` names what it belongs to: a run with any other value is another run."""

    run: dict[str, str]
    history: Rows  # an epoch: its number, loss, validation loss, validation balanced accuracy
    live: Arrays
    averaged: Arrays
    best: Arrays
    optimizer: list[NDArray[Any]]
    random: list[NDArray[Any]]  # the states of the layers that draw at random


def write_state(path: Path, state: State) -> None:
    """Put the state in place of an earlier one, which stays as it is when that fails."""
    tensors: Arrays = {
        f"{group}/{name}": value
        for group, part in (("live", state.live), ("averaged", state.averaged), ("best", state.best))
        for name, value in part.items()
    }
    tensors |= {f"{_OPTIMIZER}{number}": value for number, value in enumerate(state.optimizer)}
    tensors |= {f"{_RANDOM}{number}": value for number, value in enumerate(state.random)}
    data = save(tensors, metadata={"run": json.dumps(state.run), "history": json.dumps(state.history)})
    with replace_file(path) as aside:
        aside.write_bytes(data)


def read_state(path: Path, *, run: Mapping[str, str]) -> State | None:
    """The state in a file; None when there is no file, UnusableState when it is damaged or of another run."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata()
            found, history = json.loads(metadata["run"]), json.loads(metadata["history"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no mapping
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UnusableState(f"{path} is no state of a training run, or it is damaged") from error
    if other := [name for name, value in run.items() if found.get(name) != value]:
        raise UnusableState(f"{path} is of a run with other {', '.join(other)}; train without --resume to start anew")

    def part(group: str) -> Arrays:
        return {name.removeprefix(group): t for name, t in tensors.items() if name.startswith(group)}

    def numbered(group: str) -> list[NDArray[Any]]:
        return [value for _, value in sorted(part(group).items(), key=lambda item: int(item[0]))]

    return State(
        run=dict(run),
        history=[(int(row[0]), float(row[1]), float(row[2]), float(row[3])) for row in history],
        live=part("live/"),
        averaged=part("averaged/"),
        best=part("best/"),
        optimizer=numbered(_OPTIMIZER),
        random=numbered(_RANDOM),
    )
