"""Reading the headers of strangers' files with little memory and without their pixels."""

import io
from typing import BinaryIO, Final

from PIL.PngImagePlugin import PngImageFile, PngStream

MOST_BYTES: Final = 8_000_000  # of a header: profiles and descriptions of microscopes' programs are far below
MOST_READS: Final = 50_000  # each makes a parser's list longer
_HEAD: Final = 8  # bytes before a chunk's content: its length and its kind
_CHECK_SUM: Final = 4  # bytes behind it
_WORDS: Final = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")


class SparingFile(io.RawIOBase):
    """A file of which only so much can be read. Beyond that it raises OSError, and `is_spent`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._bytes, self._reads = MOST_BYTES, MOST_READS

    @property
    def is_spent(self) -> bool:
        """Whether more was asked for than there is."""
        return self._bytes < 0 or self._reads < 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; all when no number is given."""
        room = self._bytes + 1
        piece = self._file.read(room if size < 0 else min(size, room))
        self._bytes -= len(piece)
        self._reads -= 1
        if self.is_spent:
            raise OSError("The header is too long.")
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True


def read_words_behind_pixels(image: PngImageFile) -> None:
    """Metadata may stand behind a PNG's pixels. Pillow would decode them all to get there; this walks past them."""
    file, reader = image.fp, image.png
    if file is None or reader is None or not image.tile:
        return
    file.seek(image.tile[0].offset - _HEAD)
    while len(head := file.read(_HEAD)) == _HEAD and head[4:] != b"IEND":
        start, length, kind = file.tell(), int.from_bytes(head[:4], "big"), head[4:]
        if kind in _WORDS and not _understood(reader, kind, start, length):
            return
        file.seek(start + length + _CHECK_SUM)


def _understood(reader: PngStream, kind: bytes, start: int, length: int) -> bool:
    """Pillow, too, reads no further where words are none."""
    try:
        reader.call(kind, start, length)
    except UnicodeDecodeError:
        return False
    return True
