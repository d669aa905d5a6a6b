"""Every text that people read can be read in every language of the site."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings as site
from pytest_django import Settings

from clinic.catalogues import ROOT, bring_up_to_date, catalogue_of, collected, path_of, python_files, templates
from tests.visible_text import untranslated

LANGUAGES = [code for code, _name in site.LANGUAGES if code != site.LANGUAGE_CODE]
# The API's own page of documentation is drawn by its library, in English.
NOT_TRANSLATED = {ROOT / "templates/drf_spectacular/swagger_ui.html"}
PAGES = [path for path in templates() if path not in NOT_TRANSLATED]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|<[^>]+>|\{\w*\}")
MODULES = [path for path in python_files() if not {"api", "management", "migrations", "settings"} & set(path.parts)]

named = pytest.mark.parametrize


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def there() -> Catalog:
    """What pages and sentences say today."""
    return collected()


def said(message: Message) -> list[str]:
    """The message in the forms that it has."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def translated(message: Message) -> list[str]:
    string = message.string
    return list(string) if isinstance(string, list | tuple) else [string or ""]


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


@named("language", LANGUAGES)
def test_the_catalogue_holds_every_text_and_no_other(language: str) -> None:
    """Otherwise: `make messages`."""
    catalogue = catalogue_of(language)
    wanted = {(said(message)[0], message.context) for message in messages(there())}
    have = {(said(message)[0], message.context) for message in messages(catalogue)}
    assert wanted - have == set()
    assert have - wanted == set()
    assert not catalogue.obsolete


@named("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    catalogue = catalogue_of(language)
    assert [said(message)[0] for message in messages(catalogue) if not all(translated(message))] == []
    assert [said(message)[0] for message in messages(catalogue) if message.fuzzy] == []


@named("language", LANGUAGES)
def test_plurals_have_as_many_forms_as_the_language(language: str) -> None:
    catalogue = catalogue_of(language)
    wrong = [m.id for m in messages(catalogue) if m.pluralizable and len(translated(m)) != catalogue.num_plurals]
    assert wrong == []


@named("language", LANGUAGES)
def test_a_translation_keeps_every_name_and_all_markup_and_brings_none(language: str) -> None:
    """A name that is missing would leave a hole in the page, markup that is new could break it."""
    wrong = []
    for message in messages(catalogue_of(language)):
        allowed = [sorted(PLACEHOLDER.findall(text)) for text in said(message)]
        for text in translated(message):
            quotes = '"' in text and not any('"' in original for original in said(message))
            if sorted(PLACEHOLDER.findall(text)) not in allowed or quotes:
                wrong.append(text)
    assert wrong == []


@named("language", LANGUAGES)
def test_a_translation_ends_as_its_text_does(language: str) -> None:
    """A full stop, a colon or a question mark that got lost shows a text that got lost."""
    wrong = []
    for message in messages(catalogue_of(language)):
        ends = {text[-1] if text[-1] in ".:?" else "" for text in said(message)}
        wrong += [text for text in translated(message) if (text[-1] if text[-1] in ".:?" else "") not in ends]
    assert wrong == []


@named("language", LANGUAGES)
def test_a_catalogue_is_as_the_command_writes_it(language: str, settings: Settings, tmp_path: Path) -> None:
    """No dates, no line numbers, one order: a change of the code that changes no text changes no catalogue."""
    before = path_of(language).read_text(encoding="utf-8")
    settings.LOCALE_PATHS = [tmp_path]
    path_of(language).parent.mkdir(parents=True)
    path_of(language).write_text(before, encoding="utf-8")
    bring_up_to_date(language)
    assert path_of(language).read_text(encoding="utf-8") == before


@named("path", PAGES, ids=ids)
def test_no_template_says_anything_in_one_language_only(path: Path) -> None:
    assert untranslated(path) == []


@named("path", sorted((ROOT / "static/js").glob("*.js")), ids=ids)
def test_no_script_says_anything_of_its_own(path: Path) -> None:
    """What a script says stands in the page's data, translated: static/js/words.js."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    literals = [match[2] for match in re.finditer(r"([\"'`])((?:(?!\1).)*)\1", code)]
    assert [text for text in literals if re.search(r"[A-Z][a-z]+ [a-z]+|[a-z]+ [a-z]+[.:!?]", text)] == []


@named("path", MODULES, ids=ids)
def test_no_sentence_for_people_stands_untranslated_in_the_code(path: Path) -> None:
    assert list(bare_sentences(ast.parse(path.read_bytes()))) == []


def test_the_search_for_bare_sentences_finds_them() -> None:
    """Were it blind, the test above would find nothing amiss."""
    code = """
raise ValidationError("Not so.")
raise ValidationError({"name": f"Not {so}."})
messages.success(request, "Done." if done else _("Not done."))
field = forms.CharField(label="Name", help_text=lazy("Your name."), error_messages={"required": "Enter it."})
class Kind(models.TextChoices):
    ONE = "one", "The first"
"""
    found = set(bare_sentences(ast.parse(code)))
    assert found == {"Not so.", "Not ", ".", "Done.", "Name", "Enter it.", "The first"}


SPEAKING_CALLS = {"ValidationError": 0, "UploadRefused": 1, "add_error": 1}
SPEAKING_KEYWORDS = {"label", "help_text", "empty_label", "error_messages"}


def bare_sentences(tree: ast.AST) -> Iterator[str]:
    """The texts in places that people get to read, outside every call that translates."""
    for node in ast.walk(tree):
        for place in _speaking_places(node):
            yield from _bare(place)


def _speaking_places(node: ast.AST) -> Iterator[Any]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if "messages" in ast.unparse(node.func).split(".")[:1]:
            yield from node.args[1:2]
        if name in SPEAKING_CALLS:
            yield from node.args[SPEAKING_CALLS[name] : SPEAKING_CALLS[name] + 1]
        yield from (keyword.value for keyword in node.keywords if keyword.arg in SPEAKING_KEYWORDS)
    if isinstance(node, ast.ClassDef) and any("TextChoices" in ast.unparse(base) for base in node.bases):
        for statement in node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
                yield statement.value.elts[-1]


def _bare(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value:
            yield node.value
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _bare(value)
    elif isinstance(node, ast.IfExp):
        yield from (*_bare(node.body), *_bare(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _bare(part)
