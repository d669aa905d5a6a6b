"""Finds words in templates that a reader sees in one language only."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, Token, TokenType

SHOWN = {"alt", "aria-description", "aria-label", "data-label", "data-words", "label", "placeholder", "title"}
# Names, formats and units that are the same in every language.
SAME_EVERYWHERE = {"Second", "Read", "SHA", "CSV", "XLSX", "PDF", "JSON", "API", "PNG", "JPEG", "TIFF", "MB", "UTC"}
LISTS = {"data-draft-also", "data-draft-fields", "data-keys"}  # of names that a script knows
WORD = re.compile(r"[^\W\d_]{2,}")
LITERAL = re.compile(r'(_\()?("[^"]*"|\'[^\']*\')')
SHOWING_FILTER = re.compile(r"\|\s*(?:default|default_if_none|yesno|pluralize)\s*:\s*(\"[^\"]*\"|'[^']*')")
SPEAKING_TAGS = {"include", "with", "firstof"}  # what they are given may be shown
SILENT_ENDS = {"blocktranslate": "endblocktranslate", "blocktrans": "endblocktrans", "comment": "endcomment"}


def untranslated(path: Path) -> list[str]:
    """The texts of the template that stand outside every translate tag."""
    tokens = list(_spoken(Lexer(path.read_text(encoding="utf-8")).tokenize()))
    markup = "".join(token.contents for token in tokens if token.token_type is TokenType.TEXT)
    return [text for text in [*_in_markup(markup, path.suffix), *_in_tags(tokens)] if _has_words(text)]


def _spoken(tokens: list[Token]) -> Iterator[Token]:
    """Without what stands between a translating tag and its end."""
    end = None
    for token in tokens:
        name = token.contents.split(" ", 1)[0] if token.token_type is TokenType.BLOCK else ""
        if end:
            end = None if name == end else end
        elif name in SILENT_ENDS:
            end = SILENT_ENDS[name]
        else:
            yield token


def _in_markup(markup: str, suffix: str) -> list[str]:
    if suffix != ".html":
        return [markup]
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.found


def _in_tags(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.token_type is TokenType.VAR:
            yield from (text.strip("\"'") for text in SHOWING_FILTER.findall(token.contents))
        elif token.token_type is TokenType.BLOCK and token.contents.split(" ", 1)[0] in SPEAKING_TAGS:
            given = token.contents.split(" with ", 1)[-1] if " with " in token.contents else ""
            yield from (text.strip("\"'") for marked, text in LITERAL.findall(given) if not marked and " " in text)


def _has_words(text: str) -> bool:
    return any(word not in SAME_EVERYWHERE for word in WORD.findall(text))


def _is_shown(name: str, value: str) -> bool:
    """Sentences in data are what a script says."""
    return name in SHOWN or (name.startswith("data-") and name not in LISTS and " " in value)


class _Reader(HTMLParser):
    """Collects what is read: texts, and attributes that are shown or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = tag in {"kbd", "script", "style"}  # what is printed on a key is its name
        self.found += [value for name, value in attrs if value and _is_shown(name, value)]

    def handle_endtag(self, tag: str) -> None:
        self.silent = False

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data.strip())
