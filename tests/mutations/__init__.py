"""Damaged and lying image files without end: real ones, drawn by us, that are changed in ways known by a number.

The same seed and number always give the same file, so that whatever brings a process down can be made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.mutations import anywhere, jpeg, png, tiff
from tests.mutations.dice import Dice
from tests.mutations.originals import ORIGINALS, original

Mutation = Callable[[Dice, bytes], bytes]

ANYWHERE: Mapping[str, Mutation] = anywhere.MUTATIONS
OF_FORMAT: Mapping[str, Mapping[str, Mutation]] = {
    "png": png.MUTATIONS,
    "jpg": jpeg.MUTATIONS,
    "tif": tiff.MUTATIONS,
}
ALONE = 0.7  # the share of files that are changed in one way alone; the others in up to three


@dataclass(frozen=True)
class Mutant:
    """A changed file: by which number, of what original, and in which ways."""

    number: int
    original: str
    mutations: tuple[str, ...]
    content: bytes

    @property
    def format(self) -> str:
        """The ending of the original's name: png, jpg or tif."""
        return self.original.rpartition(".")[2]

    @property
    def name(self) -> str:
        """What the file is called when it is sent."""
        return f"{self.number} {self.original}"


def mutant(number: int, *, seed: int) -> Mutant:
    """The changed file of that number."""
    dice = Dice(seed, number)
    name = dice.choice(sorted(ORIGINALS))
    content = original(name)
    done = []
    for _ in range(1 if dice.random() < ALONE else dice.between(2, 3)):
        kinds = dice.choice([ANYWHERE, OF_FORMAT[name.rpartition(".")[2]]])
        done.append(dice.choice(sorted(kinds)))
        content = kinds[done[-1]](dice, content)
    return Mutant(number, name, tuple(done), content)
