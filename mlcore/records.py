"""Frozen dataclasses to JSON and back, strictly: a document from a stranger either fits the types or is refused."""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, cast

Record = TypeVar("Record")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class InvalidRecord(ValueError):
    """A document does not fit the type; the message says where."""


def to_json(value: object) -> Json:
    """A dataclass, mapping, tuple or plain value as what `json.dumps` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return cast("Json", value)


def from_json(kind: type[Record], document: object) -> Record:
    """Build a dataclass from a parsed document; InvalidRecord when a field is missing, unknown or of another type."""
    return cast("Record", _value(kind, document, "the document"))


def _value(kind: Any, value: object, place: str) -> object:
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _record(cast("type", kind), value, place)
    if origin is tuple:
        return _tuple(typing.get_args(kind), value, place)
    if origin is dict:
        return _dict(typing.get_args(kind)[1], value, place)
    if origin is typing.Literal:
        if value not in typing.get_args(kind):
            raise InvalidRecord(f"{place} must be one of {', '.join(map(str, typing.get_args(kind)))}")
        return value
    return _plain(kind, value, place)


def _plain(kind: Any, value: object, place: str) -> object:
    if kind is Any or isinstance(kind, types.UnionType):  # free-form figures
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise InvalidRecord(f"{place} must be a finite number")
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidRecord(f"{place} must be of type {kind.__name__}")
    return value


def _record(kind: type, value: object, place: str) -> object:
    if not isinstance(value, dict):
        raise InvalidRecord(f"{place} must be an object")
    hints = typing.get_type_hints(kind)
    names = {field.name for field in dataclasses.fields(kind)}
    for problem, keys in (("lacks", names - value.keys()), ("has the unknown", value.keys() - names)):
        if keys:
            raise InvalidRecord(f"{place} {problem} {', '.join(sorted(map(str, keys)))}")
    return kind(**{name: _value(hints[name], value[name], name) for name in names})


def _tuple(kinds: tuple[Any, ...], value: object, place: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise InvalidRecord(f"{place} must be a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004  tuple[T, ...]
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise InvalidRecord(f"{place} must have {len(kinds)} items")
    return tuple(_value(kind, item, place) for kind, item in zip(kinds, value, strict=True))


def _dict(kind: Any, value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidRecord(f"{place} must be an object")
    return {str(key): _value(kind, item, f"{place}.{key}") for key, item in value.items()}
