"""Small pieces of HTML. Text is escaped here and nowhere else: what these functions return is markup."""

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def header(title: str, *lines: str) -> str:
    """The page's title and plain lines below it."""
    return f"<header><h1>{html.escape(title)}</h1>{''.join(map(paragraph, lines))}</header>"


def tiles(facts: Iterable[tuple[str, str, str]]) -> str:
    """Large figures side by side: the name, the value, and a remark below."""
    cells = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd><strong>{html.escape(value)}</strong><br>{html.escape(remark)}</dd></div>"
        for name, value, remark in facts
    )
    return f'<dl class="tiles">{cells}</dl>'


def items(texts: Iterable[str]) -> str:
    """A list of plain texts."""
    return f"<ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>"


def warning(text: str) -> str:
    """A sentence that must not be missed; it says so in words, not by its colour alone."""
    return f'<p class="warning"><strong>Mind:</strong> {html.escape(text)}</p>'


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names its rows."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = "".join(_row(row) for row in rows)
    return (
        f'<div class="table" tabindex="0" role="group" aria-label="{html.escape(caption)}"><table>'
        f"<caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Sequence[str]) -> str:
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
    return f'<tr><th scope="row">{html.escape(row[0])}</th>{cells}</tr>'


def picture(path: Path, *, alternative: str, caption: str, wide: bool = False) -> str:
    """A PNG, inside the page itself."""
    data = base64.b64encode(path.read_bytes()).decode()
    kind = ' class="wide"' if wide else ""
    return (
        f'<figure{kind}><img src="data:image/png;base64,{data}" '
        f'alt="{html.escape(alternative)}"><figcaption>{html.escape(caption)}</figcaption></figure>'
    )


def pictures(*figures: str) -> str:
    """Figures side by side where there is room."""
    return f'<div class="figures">{"".join(figures)}</div>'


def section(title: str, *content: str) -> str:
    """A part of the page under its heading."""
    return f"<section><h2>{html.escape(title)}</h2>{''.join(content)}</section>"


def page(title: str, style: str, *content: str) -> str:
    """The whole document."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head>\n"
        f"<body><main>{''.join(content)}</main></body></html>\n"
    )
