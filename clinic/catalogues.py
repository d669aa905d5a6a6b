"""Collects every text that people read into a catalogue for each language: locale/*/LC_MESSAGES/django.po.

Needs no gettext on the machine: Babel reads the Python, Django's own lexer turns templates into something like it.
"""

import ast
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from clinic.acts import COMPOSED, in_words
from mlcore.assays import ASSAYS
from mlcore.card import HEADLINES
from mlcore.images import MESSAGES

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "lazy", "gettext", "gettext_lazy", "gettext_noop", "noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# Once for all languages: no dates and no line numbers, which would change with every run.
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""

# Written like acts, and none.
NOT_ACTS = {
    *("analysis.image", "analysis.image_id", "analysis.model_version", "case.patient_id", "image.case_id"),
    *("patient.json", "model.pk", "report.html", "report.version"),
}

Text = str | tuple[str, ...]


def collected() -> Catalog:
    """All the texts there are, untranslated."""
    catalogue = Catalog(fuzzy=False)
    for text, context in _texts():
        catalogue.add(text, context=context)
    return catalogue


def catalogue_of(language: str) -> Catalog:
    """What is translated so far."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def path_of(language: str) -> Path:
    """Where the catalogue of a language lies."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def bring_up_to_date(language: str) -> Catalog:
    """Write the catalogue anew with today's texts; translations of those that stay are kept, the others go."""
    catalogue = catalogue_of(language)
    catalogue.update(collected(), no_fuzzy_matching=True)
    body = io.BytesIO()
    write_po(body, catalogue, width=120, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    path_of(language).write_text(HEADER.format(language=language) + body.getvalue().decode(), encoding="utf-8")
    return catalogue


def _texts() -> Iterator[tuple[Text, str | None]]:
    for path in python_files():
        yield from _of_python(path.read_bytes())
    for path in templates():
        yield from _of_template(path)
    for text in (*_of_mlcore(), *map(in_words, acts())):
        yield text, None


def python_files() -> list[Path]:
    """Our own modules."""
    return sorted(path for app in ("clinic", "diagnosis") for path in (ROOT / app).rglob("*.py"))


def templates() -> list[Path]:
    """Our own templates, of pages and of mails."""
    return sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def _of_python(source: bytes) -> Iterator[tuple[Text, str | None]]:
    """Of calls whose texts are written out: what is looked up is collected where it is written."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in call.args]
        if name not in KEYWORDS or not texts or not isinstance(texts[0], str):
            continue
        context = str(texts.pop(0)) if name.removeprefix("n").startswith("pgettext") else None
        yield (str(texts[0]), str(texts[1])) if name.startswith("n") and name != "noop" else str(texts[0]), context


def _of_template(path: Path) -> Iterator[tuple[Text, str | None]]:
    """Calls of gettext between words that mean nothing; in brackets, so that the lines' indentation does not matter."""
    calls = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    lines = [line.strip() for line in calls.splitlines()]
    source = io.BytesIO(("(\n" + "\n".join(lines) + "\n)\n").encode())
    for _line, text, _comments, context in extract("python", source, keywords=KEYWORDS):
        yield text, context


def _of_mlcore() -> Iterator[str]:
    """mlcore knows no translations: what it says is translated where it is shown."""
    for assay in ASSAYS.values():
        yield from (assay.name, assay.intended_use, *assay.classes, *assay.not_for)
    yield from (*MESSAGES.values(), *HEADLINES.values())


def acts() -> list[str]:
    """Every name of an act that may stand in the trail, as the code has it."""
    trees = [ast.parse(path.read_bytes()) for path in python_files()]
    written = {text for tree in trees for text in _constants(tree) if re.fullmatch(r"[a-z_]+\.[a-z_]*[a-z]", text)}
    nouns = {text.split(".")[0] for tree in trees for text in _named_actions(tree) if "." in text}
    return sorted({text for text in written if text.split(".")[0] in nouns} - NOT_ACTS | set(COMPOSED))


def _named_actions(tree: ast.AST) -> Iterable[str]:
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "action")
    return (text for keyword in keywords for text in _constants(keyword.value))


def _constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
