"""Paper to write on: wrapped lines in any direction of writing, and what stands on every page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from fpdf.prefs import ViewerPreferences

from diagnosis.report_pdf import fonts

MARGIN = 15.0  # millimetres
LEADING = 0.5  # millimetres of a line for a point of its letters
TITLE, LARGE, TEXT, SMALL = 16.0, 12.0, 9.5, 8.0  # points
INK, SOFT, LINE, BAR = (27, 33, 48), (80, 90, 110), (190, 196, 208), (75, 63, 158)


@dataclass(frozen=True)
class EveryPage:
    """What each page says: above who it is about and which report it is, below what the report is not."""

    name: str
    facts: str
    report: str
    mark: str
    notice: str
    digest: str
    page_words: str  # with the places %(page)s and %(pages)s


@dataclass
class Widths:
    """How wide words are, each measured once."""

    known: dict[tuple[str, float, str], float] = field(default_factory=dict)


class Paper(FPDF):
    """A4 with our fonts, in millimetres."""

    def __init__(self, every_page: EveryPage, *, language: str, title: str, made_at: datetime) -> None:
        super().__init__(format="A4", unit="mm")
        self._every_page = every_page
        self._widths = Widths()
        self._column = MARGIN
        for style, name in fonts.FILES.items():
            self.add_font(fonts.NAME, style, fonts.folder() / name)
        self.set_text_shaping(use_shaping_engine=True)
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=False)
        self.c_margin = 0
        self._describe(language, title, made_at)
        self.write_style(TEXT)

    def _describe(self, language: str, title: str, made_at: datetime) -> None:
        """For readers and screen readers; nothing in it depends on when or where it is drawn."""
        self.set_lang(language)
        self.set_title(title)
        self.set_creator("Second Read")
        self.set_producer("Second Read")
        self.set_creation_date(made_at)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)

    @property
    def lowest(self) -> float:
        """Where the text of a page ends."""
        return self.h - MARGIN - 12

    @property
    def room(self) -> float:
        """The width of the column that is written in."""
        return self.w - MARGIN - self._column

    def write_style(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
        """The letters of what is written next."""
        self.set_font(fonts.NAME, "B" if bold else "", size)
        self.set_text_color(*colour)

    def indent(self, by: float = 0) -> None:
        """Write in a column that begins `by` millimetres from the margin."""
        self._column = MARGIN + by
        self.set_x(self._column)

    def need(self, height: float) -> None:
        """Begin a page unless there is so much room."""
        if self.get_y() + height > self.lowest:
            self.add_page()

    def gap(self, height: float) -> None:
        self.set_y(self.get_y() + height)

    def write_text(
        self, text: str, size: float = TEXT, *, bold: bool = False, colour: tuple[int, int, int] = INK
    ) -> None:
        """A text in the column, wrapped, over as many pages as it takes."""
        for paragraph in fonts.drawable(text).split("\n"):
            align = "R" if fonts.is_right_to_left(paragraph) else "L"
            for line in self.wrapped(paragraph, self.room, size, bold=bold):
                self.need(size * LEADING)
                self.write_style(size, bold=bold, colour=colour)
                self._line(line, size, align)

    def write_in_box(self, text: str, left: float, top: float, width: float) -> None:
        """A few words in a place of their own."""
        for number, line in enumerate(self.wrapped(fonts.drawable(text), width, SMALL)):
            self._cell(line, left, top + number * SMALL * LEADING, width, SMALL)

    def wrapped(self, text: str, width: float, size: float, *, bold: bool = False) -> Sequence[str]:
        """The text in lines no wider than that; each is put in order for the eye only when it is drawn."""
        self.write_style(size, bold=bold)
        lines, line, used = [], "", 0.0
        for word in self._words(text, width):
            wide = self._width(word if not line else f" {word}")
            if line and used + wide > width:
                lines.append(line)
                line, used = word, self._width(word)
            else:
                line, used = (f"{line} {word}" if line else word), used + wide
        return [*lines, line]

    def rule(self) -> None:
        """A thin line across the column."""
        self.set_draw_color(*LINE)
        self.set_line_width(0.2)
        self.line(self._column, self.get_y(), self.w - MARGIN, self.get_y())

    def bar(self, label: str, share: float, figure: str) -> None:
        """A class, a bar as long as its probability, and the figure: every class looks the same."""
        size, high = SMALL, SMALL * LEADING
        self.need(high)
        left, top = self._column, self.get_y()
        self.write_style(size)
        self._cell(label, left, top, 40, size)
        self.set_draw_color(*LINE)
        self.rect(left + 41, top + 0.8, 50, high - 1.6, style="D")
        self.set_fill_color(*BAR)
        self.rect(left + 41, top + 0.8, 50 * min(max(share, 0.0), 1.0), high - 1.6, style="F")
        self._cell(figure, left + 93, top, 20, size)
        self.set_xy(self._column, top + high)

    def header(self) -> None:
        """On every page: the patient's name and number, which report it is, and whether it still holds."""
        page, right = self._every_page, 48.0
        column, self._column = self._column, MARGIN
        self.write_style(SMALL, bold=True)
        self._cell(page.report, self.w - MARGIN - right, MARGIN - 5, right, SMALL, align="R")
        self.set_y(MARGIN - 5)
        for line in self.wrapped(page.name, self.room - right, TEXT, bold=True):
            self.write_style(TEXT, bold=True)
            self._cell(line, MARGIN, self.get_y(), self.room - right, TEXT)
            self.gap(TEXT * LEADING)
        self.write_text(page.facts, SMALL, colour=SOFT)
        if page.mark:
            self.gap(1)
            self._band(page.mark)
        self.gap(1)
        self.rule()
        self.gap(4)
        self._column = column
        self.set_x(column)

    def _band(self, words: str) -> None:
        lines = self.wrapped(words, self.room - 4, TEXT, bold=True)
        self.set_draw_color(*INK)
        self.set_line_width(0.5)
        self.rect(MARGIN, self.get_y(), self.room, len(lines) * TEXT * LEADING + 2, style="D")
        self.gap(1)
        for line in lines:
            self._cell(line, MARGIN + 2, self.get_y(), self.room - 4, TEXT)
            self.gap(TEXT * LEADING)
        self.gap(1)

    def finish(self) -> bytes:
        """The file. How many pages there are is known only now, so that the feet of all are written last."""
        total = self.pages_count
        for number in range(1, total + 1):
            self.page = number
            self._foot(number, total)
        try:
            return bytes(self.output())
        finally:
            for font in self.fonts.values():
                if isinstance(font, TTFFont):
                    font.ttfont.close()  # the library leaves the files open

    def _foot(self, number: int, total: int) -> None:
        page, top = self._every_page, self.h - MARGIN - 8
        self._column = MARGIN
        self._forget_style()
        self.set_y(top - 1)
        self.rule()
        self.write_style(SMALL - 1, colour=SOFT)
        self._cell(page.notice, MARGIN, top, self.room, SMALL - 1)
        self._cell(page.digest, MARGIN, top + 4, self.room, SMALL - 1)
        words = page.page_words % {"page": number, "pages": total}
        self._cell(words, self.w - MARGIN - 40, top + 4, 40, SMALL - 1, align="R")

    def _forget_style(self) -> None:
        """What the last page was written in is not what this one was: the library must say it anew."""
        self.write_style(TITLE, bold=True)
        self.set_draw_color(*INK)
        self.set_line_width(1)

    def _line(self, line: str, size: float, align: str) -> None:
        self._cell(line, self._column, self.get_y(), self.room, size, align=align)
        self.gap(size * LEADING)

    def _cell(self, text: str, left: float, top: float, width: float, size: float, *, align: str = "L") -> None:
        self.set_xy(left, top)
        self.cell(width, size * LEADING, text, align=align, new_x=XPos.LEFT, new_y=YPos.TOP)

    def _words(self, text: str, width: float) -> Iterator[str]:
        """The words; one that is wider than the column comes in pieces."""
        for word in text.split(" "):
            if self._width(word) <= width:
                yield word
            else:
                yield from self._pieces(word, width)

    def _pieces(self, word: str, width: float) -> Iterator[str]:
        piece = ""
        for character in word:
            if piece and self._width(piece + character) > width:
                yield piece
                piece = ""
            piece += character
        yield piece

    def _width(self, text: str) -> float:
        key = (self.font_style, self.font_size_pt, text)
        if key not in self._widths.known:
            self._widths.known[key] = self.get_string_width(text)
        return self._widths.known[key]
