"""Changes to a PNG's chunks whose check sums are right again, so that a decoder does not stop at them."""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache

from tests.mutations.dice import Dice
from tests.mutations.originals import SIDE

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Chunk = tuple[bytes, bytes]  # kind, content


def chunks(data: bytes) -> list[Chunk]:
    """The chunks, as far as the file can be read."""
    found, place = [], len(SIGNATURE)
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found or [(b"IEND", b"")]


def joined(parts: list[Chunk]) -> bytes:
    """A file of these chunks."""
    return SIGNATURE + b"".join(chunk(kind, content) for kind, content in parts)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk as it stands in a file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def chunk_removed(dice: Dice, data: bytes) -> bytes:
    """One is missing."""
    parts = chunks(data)
    del parts[dice.below(len(parts))]
    return joined(parts)


def chunk_repeated(dice: Dice, data: bytes) -> bytes:
    """One comes several times, somewhere."""
    parts = chunks(data)
    again = [dice.choice(parts)] * dice.choice([1, 2, 200])
    where = dice.below(len(parts) + 1)
    return joined(parts[:where] + again + parts[where:])


def chunks_shuffled(dice: Dice, data: bytes) -> bytes:
    """They stand in another order; the first may stay."""
    parts = chunks(data)
    head = parts[: dice.below(2)]
    rest = parts[len(head) :]
    return joined(head + dice.shuffled(rest))


def header_edited(dice: Dice, data: bytes) -> bytes:
    """Another size, depth, kind of colour, compression or interlacing than the pixels have."""
    sizes = [0, 1, SIDE - 1, SIDE + 1, 4 * SIDE, 2_000, 2**31 - 1, 2**31, 2**32 - 1]
    values = [SIDE, SIDE, 8, 2, 0, 0, 0]
    choices = [sizes, sizes, [0, 1, 2, 4, 8, 16, 255], [0, 2, 3, 4, 6, 1, 255], [0, 1], [0, 64], [0, 1, 2]]
    header = dict(chunks(data)).get(b"IHDR", b"")
    if len(header) == struct.calcsize(">IIBBBBB"):
        values = list(struct.unpack(">IIBBBBB", header))
    for _ in range(dice.between(1, 2)):
        field = dice.below(len(values))
        values[field] = dice.choice(choices[field])
    return _replaced(data, b"IHDR", struct.pack(">IIBBBBB", *values))


def pixels_repacked(dice: Dice, data: bytes) -> bytes:
    """Packed pixels that are too few, too many, of unknown filters, or no packed pixels at all."""
    packed = b"".join(content for kind, content in chunks(data) if kind == b"IDAT")
    try:
        lines = zlib.decompress(packed)
    except zlib.error:
        lines = bytes(1000)
    return _replaced(data, b"IDAT", _repacked(dice, lines))


def _repacked(dice: Dice, lines: bytes) -> bytes:
    match dice.below(6):
        case 0:
            return zlib.compress(lines[: dice.below(len(lines) + 1)])
        case 1:
            return zlib.compress(lines * 3)
        case 2:
            return zlib.compress(dice.bytes(len(lines)))
        case 3:
            return zlib.compress(lines)[2:]
        case 4:
            return dice.bytes(len(lines))
        case _:
            return b""


def bomb(dice: Dice, data: bytes) -> bytes:
    """A few bytes that become very many; mostly many more than the header says."""
    roll = dice.random()
    if roll < 0.02:  # as large as is allowed: whoever reads it needs seconds
        return _zeros(7_000, 7_000, 7_000)
    if roll < 0.2:
        return _zeros(1_500, 1_500, 1_500)
    return _zeros(*dice.choice([(SIDE, SIDE, 60_000), (100_000, 100_000, 10), (8_000, 8_000, 2_000)]))


@cache
def _zeros(width: int, height: int, lines: int) -> bytes:
    """A PNG of that size by its header, and of so many lines of black by its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(1)
    packed = b"".join([*(packer.compress(bytes(1 + 3 * width)) for _ in range(lines)), packer.flush()])
    return joined([(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")])


@cache
def _long() -> bytes:
    """A few bytes that become twenty megabytes."""
    return zlib.compress(bytes(20_000_000), 1)


def words_added(dice: Dice, data: bytes) -> bytes:
    """Long texts, packed texts that become very long, and metadata that are none."""
    said = [
        (b"tEXt", b"Comment\0" + b"x" * dice.choice([10, 70_000, 2_000_000])),
        (b"tEXt", dice.bytes(300)),
        (b"zTXt", b"Comment\0\0" + _long()),
        (b"zTXt", b"Comment\0\0" + dice.bytes(50)),
        (b"iTXt", b"Comment\0\1\0\0\0" + _long()),
        (b"iTXt", dice.bytes(100)),
        (b"eXIf", dice.choice([b"MM\0*", b"II*\0\x08\0\0\0\xff\xff", b""]) + dice.bytes(dice.choice([0, 60]))),
        (b"iCCP", b"profile\0\0" + dice.choice([_long(), zlib.compress(dice.bytes(200)), dice.bytes(40)])),
        (b"gAMA", dice.bytes(dice.choice([0, 2, 4]))),
        (b"cHRM", dice.bytes(dice.choice([0, 7, 32]))),
        (b"pHYs", dice.bytes(dice.choice([0, 5, 9]))),
        (b"tRNS", dice.bytes(dice.choice([0, 1, 6, 400]))),
        (b"PLTE", dice.bytes(dice.choice([0, 2, 3, 768, 900]))),
        (b"acTL", dice.choice([b"", struct.pack(">II", 1, 0), struct.pack(">II", 2**31, 0)])),
        (b"fcTL", dice.bytes(dice.choice([0, 4, 26]))),
        (b"fdAT", dice.bytes(dice.choice([0, 4, 100]))),
        (dice.bytes(4), dice.bytes(10)),
    ]
    parts = chunks(data)
    where = dice.between(min(1, len(parts)), len(parts))
    return joined([*parts[:where], dice.choice(said), *parts[where:]])


def length_lies(dice: Dice, data: bytes) -> bytes:
    """A chunk says that it is longer or shorter than it is."""
    place = len(SIGNATURE)
    for kind, content in chunks(data)[: dice.below(3)]:
        place += len(chunk(kind, content))
    return data[:place] + struct.pack(">I", dice.choice([0, 1, 12, 14, 2**31 - 1, 2**32 - 1])) + data[place + 4 :]


def _replaced(data: bytes, kind: bytes, content: bytes) -> bytes:
    """The file with other content in the first chunk of a kind, and no other chunk of it."""
    parts: list[Chunk] = []
    for found, old in chunks(data):
        if found != kind:
            parts.append((found, old))
        elif kind not in dict(parts):
            parts.append((kind, content))
    return joined(parts)


MUTATIONS: Mapping[str, Callable[[Dice, bytes], bytes]] = {
    "chunk removed": chunk_removed,
    "chunk repeated": chunk_repeated,
    "chunks shuffled": chunks_shuffled,
    "header edited": header_edited,
    "pixels repacked": pixels_repacked,
    "bomb": bomb,
    "words added": words_added,
    "length lies": length_lies,
}
