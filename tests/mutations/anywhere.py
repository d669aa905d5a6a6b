"""Changes that know nothing of the format: bits, pieces, tails, and two files made one."""

from collections.abc import Callable, Mapping

from tests.mutations.dice import Dice
from tests.mutations.originals import ORIGINALS, original

HEAD = 400  # bytes, where most of what is said about an image stands
EXTREMES = (
    b"\0",
    b"\xff",
    b"\x7f\xff",
    b"\x80\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\0",
    b"\x80\0\0\0",
)


def place(dice: Dice, data: bytes) -> int:
    """Somewhere in the file, and half of the time in its head."""
    return dice.below(max(1, min(len(data), HEAD) if dice.random() < 0.5 else len(data)))


def piece(dice: Dice, data: bytes) -> tuple[int, int]:
    """Where a piece of the file begins and ends."""
    start = place(dice, data)
    return start, min(len(data), start + int(2 ** dice.uniform(0, 12)))


def bits_flipped(dice: Dice, data: bytes) -> bytes:
    """A few bits are the other way round."""
    changed = bytearray(data)
    for _ in range(int(2 ** dice.uniform(0, 5))):
        changed[place(dice, data)] ^= 1 << dice.below(8)
    return bytes(changed)


def tail_cut_off(dice: Dice, data: bytes) -> bytes:
    """The end is missing; something is left."""
    return data[: 1 + place(dice, data)]


def piece_removed(dice: Dice, data: bytes) -> bytes:
    """A piece in the middle is missing."""
    start, end = piece(dice, data)
    return data[:start] + data[end:] or data


def piece_repeated(dice: Dice, data: bytes) -> bytes:
    """A piece comes several times."""
    start, end = piece(dice, data)
    return data[:start] + data[start:end] * dice.choice([2, 2, 3, 50]) + data[end:]


def pieces_swapped(dice: Dice, data: bytes) -> bytes:
    """Two pieces stand in each other's place."""
    (one, end), (other, last) = sorted([piece(dice, data), piece(dice, data)])
    if end > other:
        return data[:other] + data[one:end] + data[other:]
    return data[:one] + data[other:last] + data[end:other] + data[one:end] + data[last:]


def extremes_written(dice: Dice, data: bytes) -> bytes:
    """The numbers that programs count wrongly with."""
    changed = bytearray(data)
    for _ in range(dice.between(1, 4)):
        extreme = dice.choice(EXTREMES)
        extreme = extreme if dice.random() < 0.5 else extreme[::-1]
        start = place(dice, data)
        changed[start : start + len(extreme)] = extreme
    return bytes(changed)


def blanked(dice: Dice, data: bytes) -> bytes:
    """A piece is zeros or noise, as from a disk that went bad."""
    start, end = piece(dice, data)
    filling = bytes(end - start) if dice.random() < 0.5 else dice.bytes(end - start)
    return data[:start] + filling + data[end:]


def spliced(dice: Dice, data: bytes) -> bytes:
    """The head of this file and the tail of another, which may be of another format."""
    other = original(dice.choice(sorted(ORIGINALS)))
    return data[: 1 + place(dice, data)] + other[place(dice, other) :]


def followed(dice: Dice, data: bytes) -> bytes:
    """Another file, or anything, stands behind."""
    other = original(dice.choice(sorted(ORIGINALS)))
    return data + dice.choice([other, b"<script>alert(1)</script>", b"PK\x03\x04" + dice.bytes(500), bytes(70_000)])


MUTATIONS: Mapping[str, Callable[[Dice, bytes], bytes]] = {
    "bits flipped": bits_flipped,
    "tail cut off": tail_cut_off,
    "piece removed": piece_removed,
    "piece repeated": piece_repeated,
    "pieces swapped": pieces_swapped,
    "extremes written": extremes_written,
    "blanked": blanked,
    "spliced": spliced,
    "followed": followed,
}
