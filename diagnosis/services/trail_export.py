"""The trail of one record, as it lies in an export."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from clinic.exports import csv_lines
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


def trail_as_json(ids: Sequence[UUID]) -> Iterator[bytes]:
    """A list of objects, the oldest act first."""
    separator = "[\n"
    for row in _rows(ids):
        yield f"{separator}{json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)}".encode()
        separator = ",\n"
    yield b"\n]\n" if separator != "[\n" else b"[]\n"


def trail_as_csv(ids: Sequence[UUID]) -> Iterator[bytes]:
    """A line of headings, then a line an act, the oldest first."""
    table = ([_as_text(value) for value in row.values()] for row in _rows(ids))
    for line in csv_lines(list(COLUMNS), table):
        yield line.encode()


def _rows(ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    events = AuditEvent.objects.filter(patient_id__in=ids).order_by("pk").values_list(*COLUMNS.values())
    for values in events.iterator(chunk_size=AT_ONCE):
        yield dict(zip(COLUMNS, values, strict=True))


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else "" if value is None else str(value)
