"""Every address of the project, as the URL resolver has it."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def all_names() -> set[str]:
    """The name of every address, with its namespace; an unnamed one goes by its view."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[Any], namespace: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield namespace + (pattern.name or pattern.lookup_str)
