"""Changes to a TIFF's directory, which says where everything is and how it is packed."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.mutations.dice import Dice
from tests.mutations.originals import SIDE, TILE

WIDTH, HEIGHT, DEPTH, PACKING, MEANING = 256, 257, 258, 259, 262
PLACES, SAMPLES, ROWS, LENGTHS, PLANES, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_PLACES, TILE_LENGTHS = 322, 323, 324, 325
SMALL = 2**31 - 1, 2**32 - 1, 0, 1

# What programs have stumbled over, by tag.
LIES: Mapping[int, tuple[int, ...]] = {
    WIDTH: (0, 1, SIDE - 1, SIDE + 1, 4 * SIDE, 7_000, 0xFFFF, *SMALL),
    HEIGHT: (0, 1, SIDE - 1, SIDE + 1, 4 * SIDE, 7_000, 0xFFFF, *SMALL),
    DEPTH: (0, 1, 4, 8, 16, 32, 64, 0xFFFF),
    PACKING: (0, 1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34676, 34712, 34925, 50000, 50001, 0xFFFF),
    MEANING: (0, 1, 2, 3, 4, 5, 6, 8, 32803, 0xFFFF),
    PLACES: (0, 4, 7, 100_000, *SMALL),
    SAMPLES: (0, 1, 2, 4, 5, 0xFFFF),
    ROWS: (0, 1, 7, SIDE, 10_000, *SMALL),
    LENGTHS: (0, 1, 100, 10_000_000, *SMALL),
    PLANES: (0, 1, 2, 3),
    PREDICTOR: (0, 1, 2, 3, 4),
    TILE_WIDTH: (0, 1, 15, TILE - 16, 4_096, 1_000_000, *SMALL),
    TILE_HEIGHT: (0, 1, 15, TILE - 16, 4_096, 1_000_000, *SMALL),
    TILE_PLACES: (0, 4, 100_000, *SMALL),
    TILE_LENGTHS: (0, 1, 100, 10_000_000, *SMALL),
    266: (0, 1, 2, 3),  # the order of bits in a byte
    274: tuple(range(10)),  # orientation
    338: (0, 1, 2, 3, 0xFFFF),  # further samples
    339: (0, 1, 2, 3, 4, 5, 6),  # the kind of number
    320: SMALL,  # the palette
    330: (0, 8, *SMALL),  # directories below
    347: (0, 8, *SMALL),  # tables of a JPEG inside
    34665: (0, 8, *SMALL),  # EXIF
    34675: (0, 8, *SMALL),  # a colour profile
    270: (0, 8, *SMALL),  # words
}


@dataclass
class Directory:
    """The first directory: where it is, and its entries of tag, kind, count and value."""

    start: int
    wide: bool  # BigTIFF
    entries: list[tuple[int, int, int, int]]

    @property
    def entry(self) -> str:
        """An entry's format."""
        return "<HHQQ" if self.wide else "<HHII"

    @property
    def count(self) -> str:
        """The format of how many entries there are."""
        return "<Q" if self.wide else "<H"


def directory_of(data: bytes) -> Directory | None:
    """The first directory; None where the file has none any more."""
    wide = data[2:3] == b"+"
    try:
        (start,) = struct.unpack_from("<Q", data, 8) if wide else struct.unpack_from("<I", data, 4)
        found = Directory(start, wide, [])
        (count,) = struct.unpack_from(found.count, data, start)
        size, first = struct.calcsize(found.entry), start + struct.calcsize(found.count)
        for number in range(min(count, 100)):
            found.entries.append(struct.unpack_from(found.entry, data, first + size * number))
    except (struct.error, OverflowError):
        return None
    return found if found.entries else None


def written(data: bytes, directory: Directory, *, following: int = 0) -> bytes:
    """The file with that directory at its end; what it had stays where it was."""
    most = 2 ** (64 if directory.wide else 32)
    entries = [(tag, kind, count % most, value % most) for tag, kind, count, value in directory.entries]
    parts = [struct.pack(directory.count, len(entries))]
    parts += [struct.pack(directory.entry, *entry) for entry in entries]
    parts.append(struct.pack("<Q" if directory.wide else "<I", following % most))
    place = struct.pack("<Q", len(data)) if directory.wide else struct.pack("<I", len(data))
    where = 8 if directory.wide else 4
    return data[:where] + place + data[where + len(place) :] + b"".join(parts)


def entry_removed(dice: Dice, data: bytes) -> bytes:
    """One is missing."""
    if directory := directory_of(data):
        del directory.entries[dice.below(len(directory.entries))]
        return written(data, directory)
    return data


def entry_repeated(dice: Dice, data: bytes) -> bytes:
    """One comes several times."""
    if directory := directory_of(data):
        directory.entries += [dice.choice(directory.entries)] * dice.choice([1, 5, 3_000])
        return written(data, directory)
    return data


def entries_shuffled(dice: Dice, data: bytes) -> bytes:
    """They stand in another order, which the standard forbids."""
    if directory := directory_of(data):
        directory.entries = dice.shuffled(directory.entries)
        return written(data, directory)
    return data


def value_lies(dice: Dice, data: bytes) -> bytes:
    """Sizes, depth, packing, places and lengths that are not the picture's."""
    if directory := directory_of(data):
        for _ in range(dice.between(1, 3)):
            number = dice.below(len(directory.entries))
            tag, kind, count, value = directory.entries[number]
            directory.entries[number] = (tag, kind, count, dice.choice(LIES.get(tag, (value ^ 1, *SMALL))))
        return written(data, directory)
    return data


def count_or_kind_lies(dice: Dice, data: bytes) -> bytes:
    """An entry of another kind of number, of none, or of very many."""
    if directory := directory_of(data):
        number = dice.below(len(directory.entries))
        tag, kind, count, value = directory.entries[number]
        if dice.random() < 0.5:
            kind = dice.choice([0, *range(1, 19), 0xFFFF])
        else:
            count = dice.choice([0, 2, 3, 4, 100, 65_536, 50_000_000, *SMALL])
        directory.entries[number] = (tag, kind, count, value)
        return written(data, directory)
    return data


def entry_added(dice: Dice, data: bytes) -> bytes:
    """An entry that the file had not."""
    if directory := directory_of(data):
        tag = dice.choice([*LIES, dice.below(65_536)])
        value = dice.choice(LIES.get(tag, SMALL))
        entry = (tag, dice.choice([1, 2, 3, 4, 5, 7, 12, 13]), dice.choice([1, 1, 1, 3, 1_000, 2**32 - 1]), value)
        directory.entries = sorted([*directory.entries, entry])
        return written(data, directory)
    return data


def pages_in_a_circle(dice: Dice, data: bytes) -> bytes:
    """The next page is this one, none, or somewhere outside."""
    if directory := directory_of(data):
        return written(data, directory, following=dice.choice([len(data), directory.start, 1, 8, *SMALL[:2]]))
    return data


def order_turned(dice: Dice, data: bytes) -> bytes:
    """All numbers are to be read the other way round, or by the rules of BigTIFF."""
    return dice.choice([b"MM\0*", b"MM*\0", b"II+\0", b"II\0*", b"MM\0+"]) + data[4:]


MUTATIONS: Mapping[str, Callable[[Dice, bytes], bytes]] = {
    "entry removed": entry_removed,
    "entry repeated": entry_repeated,
    "entries shuffled": entries_shuffled,
    "value lies": value_lies,
    "count or kind lies": count_or_kind_lies,
    "entry added": entry_added,
    "pages in a circle": pages_in_a_circle,
    "order turned": order_turned,
}
