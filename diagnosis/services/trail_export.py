"""The trail of one record, as it lies in an export."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from clinic.models import AuditEvent

COLUMNS = {
    "occurred_at": "occurred_at",
    "person": "actor__full_name",
    "role": "role",
    "action": "action",
    "purpose": "purpose",
    "subject_type": "subject_type",
    "subject_id": "subject_id",
    "patient_id": "patient_id",
    "address": "address",
    "request_id": "request_id",
    "detail": "detail",
}
AT_ONCE = 1000  # rows in memory
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet would begin to calculate with


def trail_as_json(ids: Sequence[UUID]) -> Iterator[bytes]:
    """A list of objects, the oldest act first."""
    separator = "[\n"
    for row in _rows(ids):
        yield f"{separator}{json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)}".encode()
        separator = ",\n"
    yield b"\n]\n" if separator != "[\n" else b"[]\n"


def trail_as_csv(ids: Sequence[UUID]) -> Iterator[bytes]:
    """A line of headings, then a line an act, the oldest first."""
    yield _line(COLUMNS)
    for row in _rows(ids):
        yield _line(_as_text(value) for value in row.values())


def _rows(ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    events = AuditEvent.objects.filter(patient_id__in=ids).order_by("pk").values_list(*COLUMNS.values())
    for values in events.iterator(chunk_size=AT_ONCE):
        yield dict(zip(COLUMNS, values, strict=True))


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else "" if value is None else str(value)


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(["'" + cell if cell.startswith(FORMULAS) else cell for cell in cells])
    return line.getvalue().encode()
