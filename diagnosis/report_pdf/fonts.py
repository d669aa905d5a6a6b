"""The printed report's letters: DejaVu Sans, which comes with Matplotlib and covers Latin, Greek, Cyrillic, Hebrew and
Arabic. What it does not cover is never left out and never drawn as an empty box: it is given by its code point."""

import importlib.util
import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

NAME = "DejaVu Sans"
FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
JOINERS = {"\u200c", "\u200d"}  # Persian and other scripts are spelt with them; other invisible signs only mislead


def folder() -> Path:
    """Where the fonts are; Matplotlib itself is not loaded."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("matplotlib, whose fonts the reports are drawn with, is not installed")
    return Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@cache
def _covered() -> frozenset[int]:
    """The code points that every style can draw."""
    styles = [_covered_by(folder() / name) for name in FILES.values()]
    return styles[0].intersection(*styles[1:])


def _covered_by(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def can_draw(character: str) -> bool:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return character in JOINERS
    return ord(character) in _covered()


def drawable(text: str) -> str:
    """The text with every character that cannot be drawn as `[U+4E2D]`. Line breaks stay, tabs are spaces."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return "".join(one if one == "\n" or can_draw(one) else f"[U+{ord(one):04X}]" for one in composed)


def is_right_to_left(text: str) -> bool:
    """Whether the text begins in a script that is written from right to left."""
    directions = (unicodedata.bidirectional(one) for one in text)
    return next((one for one in directions if one in {"L", "R", "AL"}), "L") != "L"
