"""manage.py verify_audit: whoever changes the trail with all rights of the database is found out, and where."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from clinic.models import AuditEvent, AuditLink, User
from clinic.services import audit
from clinic.services.audit_chain import LINKS, NOTHING_BEFORE, hash_of

pytestmark = pytest.mark.django_db(transaction=True)

Tamper = Callable[..., None]

EDIT = "UPDATE clinic_auditevent SET {} WHERE id = %s"
DELETE = "DELETE FROM clinic_auditevent WHERE id = %s"
UNLINK = "DELETE FROM clinic_auditlink WHERE event_id = %s"
CUT = "DELETE FROM clinic_auditevent WHERE id > %s"
LIE = EDIT.format("action = 'thing.unchanged'")


@pytest.fixture(autouse=True)
def heads(settings: Settings, tmp_path: Path) -> Path:
    """Where the heads of this test are kept."""
    settings.AUDIT_HEADS_DIR = tmp_path / "heads"
    return tmp_path / "heads"


@pytest.fixture
def rows(owner: User) -> list[int]:
    """Six rows of six transactions."""
    for number in range(6):
        audit.record(actor=owner, action=f"thing.changed_{number}", subject=owner)
    return list(AuditEvent.objects.order_by("id").values_list("pk", flat=True))


@pytest.fixture
def tamper() -> Tamper:
    """Runs a statement with the tables' triggers off, as their owner or a superuser can."""

    def run(statement: str, *values: str | int) -> None:
        tables = ("clinic_auditevent", "clinic_auditlink")
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(statement, values)
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return run


def verify() -> str:
    """What the command says; raises CommandError when it exits 1."""
    out = StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def sign() -> None:
    call_command("sign_audit_head", stdout=StringIO())


def chain_anew(tamper: Tamper) -> None:
    """What a patient attacker does after a change: computes every hash again."""
    with connection.cursor() as cursor:
        cursor.execute(LINKS, [True, 0])
        links = cursor.fetchall()
    before = NOTHING_BEFORE
    for place, (_, event, _, *parts) in enumerate((link for link in links if link[3]), start=1):
        before = hash_of(position=place, hash_before=before, parts=parts)
        tamper("UPDATE clinic_auditlink SET hash = %s WHERE event_id = %s", before, event)


def test_a_whole_trail_is_proved(rows: list[int]) -> None:
    sign()
    said = verify()
    assert "whole: 6 rows" in said
    assert "1 signed heads" in said


def test_it_says_that_without_a_head_the_end_is_not_proved(rows: list[int]) -> None:
    assert "no signed head" in verify()


@pytest.mark.parametrize(
    "change",
    [
        "action = 'thing.unchanged'",
        "actor_id = NULL",
        "role = 'auditor'",
        "purpose = 'system'",
        "subject_type = 'clinic.patient'",
        "subject_id = '7'",
        "patient_id = gen_random_uuid()",
        "occurred_at = occurred_at - interval '1 microsecond'",
        "address = '192.0.2.1'",
        "request_id = gen_random_uuid()",
        """detail = '{"more": 1}'""",
    ],
)
def test_an_edited_row_is_named(rows: list[int], tamper: Tamper, change: str) -> None:
    tamper(EDIT.format(change), rows[2])
    with pytest.raises(CommandError, match=rf"Row {rows[2]} \(link 3\) is not what was written"):
        verify()


def test_a_column_that_nobody_would_miss_is_covered_too(rows: list[int]) -> None:
    """A field added to the model has to be added to the hash."""
    covered = " ".join(LINKS.split())
    assert all(f"event.{field.column}" in covered for field in AuditEvent._meta.fields)


def test_a_deleted_row_is_named(rows: list[int], tamper: Tamper) -> None:
    tamper(DELETE, rows[3])
    with pytest.raises(CommandError, match=rf"Row {rows[3]} \(link 4\) was deleted"):
        verify()


def test_a_row_cut_out_with_its_link_is_missed(rows: list[int], tamper: Tamper) -> None:
    tamper(UNLINK, rows[3])
    tamper(DELETE, rows[3])
    with pytest.raises(CommandError, match="Link 4 is missing"):
        verify()


def test_rows_cut_out_and_the_gap_closed_are_noticed(rows: list[int], tamper: Tamper) -> None:
    tamper(UNLINK, rows[3])
    tamper(DELETE, rows[3])
    tamper("UPDATE clinic_auditlink SET position = position - 1 WHERE position = 5")
    tamper("UPDATE clinic_auditlink SET position = position - 1 WHERE position = 6")
    with pytest.raises(CommandError, match=rf"Row {rows[4]} \(link 4\) is not what was written"):
        verify()


def test_swapped_rows_are_named(rows: list[int], tamper: Tamper) -> None:
    tamper("UPDATE clinic_auditlink SET position = -2 WHERE position = 2")
    tamper("UPDATE clinic_auditlink SET position = 2 WHERE position = 5")
    tamper("UPDATE clinic_auditlink SET position = 5 WHERE position = -2")
    with pytest.raises(CommandError, match=rf"Row {rows[4]} \(link 2\) is not what was written: it, or its place"):
        verify()


def test_a_row_put_in_past_the_chain_is_named(rows: list[int], tamper: Tamper) -> None:
    tamper(
        "INSERT INTO clinic_auditevent (id, occurred_at, role, action, purpose, subject_type, subject_id, detail) "
        "VALUES (1000000, now(), '', 'thing.made_up', '', '', '', '{}')"
    )
    with pytest.raises(CommandError, match="Row 1000000 has no link"):
        verify()


def test_without_a_head_nobody_could_tell_a_cut_tail(rows: list[int], tamper: Tamper) -> None:
    tamper("DELETE FROM clinic_auditlink WHERE position > 4")
    tamper(CUT, rows[3])
    assert "whole: 4 rows" in verify()


def test_a_cut_tail_is_shown_by_the_head(rows: list[int], tamper: Tamper) -> None:
    sign()
    tamper("DELETE FROM clinic_auditlink WHERE position > 4")
    tamper(CUT, rows[3])
    message = rf"cut off after row {rows[3]} \(link 4\): .* names row {rows[5]} \(link 6\)"
    with pytest.raises(CommandError, match=message):
        verify()


def test_a_trail_that_was_emptied_is_shown_by_the_head(rows: list[int], tamper: Tamper) -> None:
    sign()
    tamper("TRUNCATE clinic_auditlink, clinic_auditevent")
    with pytest.raises(CommandError, match="cut off after its beginning"):
        verify()


def test_a_chain_made_anew_is_shown_by_the_head(rows: list[int], owner: User, tamper: Tamper) -> None:
    sign()
    audit.record(actor=owner, action="thing.changed", subject=owner)
    tamper(LIE, rows[1])
    chain_anew(tamper)
    with pytest.raises(CommandError, match=rf"Row {rows[5]} \(link 6\) is not what the head of .* was signed for"):
        verify()


def test_an_older_head_narrows_down_where_the_chain_was_made_anew(rows: list[int], owner: User, tamper: Tamper) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-01-02T03:04:05Z")):
        sign()
    audit.record(actor=owner, action="thing.changed", subject=owner)
    sign()
    tamper(LIE, rows[5])
    chain_anew(tamper)
    with pytest.raises(CommandError, match=r"\(link 6\) is not what the head of 2026-01-02"):
        verify()


def test_nothing_is_signed_that_does_not_go_on_from_the_head_before(
    rows: list[int], heads: Path, tamper: Tamper
) -> None:
    sign()
    before = {path: path.read_text() for path in heads.iterdir()}
    tamper(LIE, rows[1])
    chain_anew(tamper)
    with pytest.raises(CommandError, match="Nothing was signed"):
        sign()
    assert {path: path.read_text() for path in heads.iterdir()} == before


@pytest.mark.parametrize("field", ["position", "hash", "event_id", "signed_at", "signature"])
def test_a_changed_head_is_named(rows: list[int], heads: Path, field: str) -> None:
    sign()
    (path,) = heads.iterdir()
    said = path.read_text()
    assert f'"{field}"' in said
    path.chmod(0o600)
    changed = [line.replace("0", "1").replace("6", "7") if f'"{field}"' in line else line for line in said.split("\n")]
    path.write_text("\n".join(changed))
    if path.read_text() == said:
        path.write_text(said.replace(f'"{field}"', f'"no_{field}"'))
    with pytest.raises(CommandError, match=r"The head in .* (was not signed|cannot be read)"):
        verify()


def test_a_head_signed_with_another_key_counts_for_nothing(rows: list[int], settings: Settings) -> None:
    sign()
    settings.AUDIT_SIGNING_KEY = "the attacker's"
    with pytest.raises(CommandError, match="not signed with this site's key"):
        verify()


def test_there_is_one_head_a_day_and_it_is_the_newest(rows: list[int], owner: User, heads: Path) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-01-02T03:04:05Z")):
        sign()
        audit.record(actor=owner, action="thing.changed", subject=owner)
        sign()
    with time_machine.travel(datetime.fromisoformat("2026-01-03T03:04:05Z")):
        sign()
    assert sorted(path.name for path in heads.iterdir()) == ["2026-01-02.json", "2026-01-03.json"]
    assert all('"position": 7' in path.read_text() for path in heads.iterdir())
    assert AuditLink.objects.count() == 7


def test_an_empty_trail_is_whole_and_has_no_head(db: None, heads: Path) -> None:
    sign()
    assert not heads.exists()
    assert "whole: 0 rows" in verify()
