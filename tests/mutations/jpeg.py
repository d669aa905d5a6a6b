"""Changes to a JPEG's segments."""

import struct
from collections.abc import Callable, Mapping

from tests.mutations.dice import Dice
from tests.mutations.originals import SIDE

START, SCAN = b"\xff\xd8", 0xDA
FRAMES = (0xC0, 0xC1, 0xC2)
Segment = tuple[int, bytes]  # marker, content; the last one's content goes on to the end of the file


def segments(data: bytes) -> list[Segment]:
    """The segments, as far as the file can be read; all scans are in the last one."""
    found, place = [], len(START)
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        end = len(data) if marker == SCAN else place + 2 + max(2, length)
        found.append((marker, data[place + 4 : end]))
        place = end
    return found or [(0xD9, b"")]


def joined(parts: list[Segment]) -> bytes:
    """A file of these segments."""
    return START + b"".join(segment(marker, content) for marker, content in parts)


def segment(marker: int, content: bytes) -> bytes:
    """A segment as it stands in a file. A scan's own length is that of its head alone."""
    head = 4 + 2 * content[0] + 2 if marker == SCAN and content else len(content) + 2
    return bytes([0xFF, marker]) + struct.pack(">H", min(head, 0xFFFF)) + content


def segment_removed(dice: Dice, data: bytes) -> bytes:
    """One is missing."""
    parts = segments(data)
    del parts[dice.below(len(parts))]
    return joined(parts)


def segment_repeated(dice: Dice, data: bytes) -> bytes:
    """One comes several times, somewhere."""
    parts = segments(data)
    again = [dice.choice(parts)] * dice.choice([1, 2, 100])
    where = dice.below(len(parts) + 1)
    return joined(parts[:where] + again + parts[where:])


def segments_shuffled(dice: Dice, data: bytes) -> bytes:
    """They stand in another order."""
    return joined(dice.shuffled(segments(data)))


def frame_edited(dice: Dice, data: bytes) -> bytes:
    """Another size, depth, number of components or sampling than the scans have."""
    parts = segments(data)
    for number, (marker, content) in enumerate(parts):
        if marker in FRAMES and len(content) > 6:
            parts[number] = (dice.choice([marker, marker, marker, *FRAMES, 0xC3, 0xC9]), _other_frame(dice, content))
            break
    return joined(parts)


def _other_frame(dice: Dice, content: bytes) -> bytes:
    frame = bytearray(content)
    sizes = [0, 1, SIDE - 1, SIDE + 1, 1_000, 7_000, 0xFFFF]
    for _ in range(dice.between(1, 2)):
        where = dice.choice(["depth", "height", "width", "components", "sampling"])
        if where == "depth":
            frame[0] = dice.choice([0, 1, 12, 16, 255])
        elif where in ("height", "width"):
            start = 1 if where == "height" else 3
            frame[start : start + 2] = struct.pack(">H", dice.choice(sizes))
        elif where == "components":
            frame[5] = dice.choice([0, 1, 2, 4, 255])
        else:
            frame[dice.between(6, len(frame) - 1)] = dice.choice([0, 0x11, 0x14, 0x41, 0x44, 0xFF])
    return bytes(frame)


def tables_edited(dice: Dice, data: bytes) -> bytes:
    """Other quantisation, other codes, other restarts."""
    parts = segments(data)
    tables = [number for number, (marker, content) in enumerate(parts) if marker in (0xDB, 0xC4, 0xDD) and content]
    for number in dice.shuffled(tables)[:2]:
        marker, content = parts[number]
        table = bytearray(content)
        for _ in range(dice.between(1, 8)):
            table[dice.below(len(table))] = dice.choice([0, 1, 0xFF, dice.below(256)])
        parts[number] = marker, bytes(table)
    if dice.random() < 0.3:
        parts.insert(dice.below(len(parts)), (0xDD, struct.pack(">H", dice.choice([0, 1, 7, 0xFFFF]))))
    return joined(parts)


def scans_edited(dice: Dice, data: bytes) -> bytes:
    """Scans of other components and coefficients, or of very many."""
    *head, (marker, scan) = segments(data)
    if dice.random() < 0.3:  # each is cheap to send and costs whoever decodes it a walk over all pixels
        return joined(head) + segment(marker, scan[:400]) * dice.choice([3, 100])
    changed = bytearray(scan)
    for _ in range(dice.between(1, 3)):
        where = dice.below(max(1, min(len(changed), 10)))
        changed[where : where + 1] = bytes([dice.choice([0, 1, 4, 63, 255, dice.below(256)])])
    return joined([*head, (marker, bytes(changed))])


def words_added(dice: Dice, data: bytes) -> bytes:
    """Metadata that lead in circles or nowhere, profiles that are none, long comments."""
    circle = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
    nowhere = b"Exif\0\0MM\0*" + struct.pack(">IHHHII", 8, 1, 0x0112, 3, 2**31, 2**31)
    orientation = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x0112, 3, 1, dice.below(12), 0)
    pictures = b"MPF\0II*\0\x08\0\0\0" + struct.pack("<HHHIIHHIII", 2, 0xB001, 4, 1, 9, 0xB002, 7, 16, 50, 0)
    said = [
        *((0xE1, exif) for exif in (circle, nowhere, orientation, b"Exif\0\0" + dice.bytes(50), b"Exif\0\0")),
        (0xE2, pictures),
        (0xE2, b"MPF\0" + dice.bytes(30)),
        (0xE2, b"ICC_PROFILE\0" + bytes([dice.below(4), dice.below(4)]) + dice.bytes(200)),
        (0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([dice.below(5)])),
        (0xEE, b"Adobe"),
        (0xE0, b"JFIF\0" + dice.bytes(dice.choice([0, 3, 9]))),
        (0xED, b"Photoshop 3.0\0" + dice.bytes(dice.choice([0, 20, 200]))),
        (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0" + struct.pack(">I", dice.choice([0, 16, 2**32 - 1]))),
        (0xFE, b"x" * 65_000),
    ]
    parts = segments(data)
    where = dice.below(len(parts) + 1)
    return joined([*parts[:where], *[dice.choice(said)] * dice.choice([1, 1, 1, 30]), *parts[where:]])


MUTATIONS: Mapping[str, Callable[[Dice, bytes], bytes]] = {
    "segment removed": segment_removed,
    "segment repeated": segment_repeated,
    "segments shuffled": segments_shuffled,
    "frame edited": frame_edited,
    "tables edited": tables_edited,
    "scans edited": scans_edited,
    "words added": words_added,
}
