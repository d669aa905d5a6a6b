"""Every stored file against its digest and its rows, and the trail: by hand, and part by part in the workers."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from clinic.models import AuditEvent, Patient, User
from clinic.services import audit
from diagnosis.models import Case, CheckedThing, IntegrityCheck, SlideImage
from diagnosis.services import file_store, integrity
from diagnosis.services.file_removal import GRACE
from tests.factories import ImageFactory

pytestmark = pytest.mark.django_db(transaction=True)  # the trail gets its links at commit
CONTENTS = [f"image {number}".encode() for number in range(12)]


@pytest.fixture(autouse=True)
def _own_heads(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_HEADS_DIR = tmp_path / "heads"


@pytest.fixture
def images(case: Case) -> list[SlideImage]:
    """A dozen images whose files are there, by their digests."""
    made = [ImageFactory.create(case=case, sha256=file_store.put(one), size_bytes=len(one)) for one in CONTENTS]
    return sorted(made, key=lambda image: image.sha256)


def path_of(settings: Settings, sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / file_store.name_of(sha256)


def checked(*arguments: str) -> str:
    """What the command says, whether or not something is wrong."""
    said = StringIO()
    try:
        call_command("check_integrity", *arguments, stdout=said)
    except CommandError as wrong:  # which makes the exit status 1
        said.write(str(wrong))
    return said.getvalue()


def newest(thing: CheckedThing = CheckedThing.FILES) -> IntegrityCheck:
    return IntegrityCheck.objects.filter(thing=thing)[0]


def test_it_says_how_much_was_proved_when_all_is_well(images: list[SlideImage], owner: User) -> None:
    audit.record(actor=owner, action="case.viewed", subject=images[0].case)
    said = checked()
    assert f"Files: 12 looked at, {sum(map(len, CONTENTS))} bytes read." in said
    assert "Trail: " in said
    assert newest().problem_count == newest(CheckedThing.TRAIL).problem_count == 0
    assert newest().ended_at is not None
    assert AuditEvent.objects.filter(action="integrity.checked").count() == 2


def test_it_names_each_thing_that_is_wrong_and_exits_1(images: list[SlideImage], settings: Settings) -> None:
    missing, damaged, resized = images[0], images[5], images[11]
    path_of(settings, missing.sha256).unlink()
    path_of(settings, damaged.sha256).write_bytes(b"image X")
    SlideImage.objects.filter(pk=resized.pk).update(size_bytes=1)
    said = checked("--only", "files")
    assert f"The file {missing.sha256} is missing" in said
    assert f"The file {damaged.sha256} is no longer what was stored." in said
    assert f"The file {resized.sha256} has another size" in said
    assert said.endswith("3 problems were found.")
    assert [problem["kind"] for problem in newest().problems] == ["missing", "damaged", "wrong_size"]


def test_a_file_that_the_disk_refuses_to_read_is_damaged(
    images: list[SlideImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = file_store.verify

    def verify(sha256: str) -> int:
        if sha256 == images[3].sha256:
            raise OSError(5, "Input/output error")
        return whole(sha256)

    monkeypatch.setattr(file_store, "verify", verify)
    assert f"The file {images[3].sha256} is no longer" in checked("--only", "files")


def test_an_old_file_without_a_row_is_told_and_a_new_one_is_an_upload_under_way(
    images: list[SlideImage], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = file_store.put(b"forgotten")
    assert "without" not in checked("--only", "files")
    monkeypatch.setattr("diagnosis.services.stored_files_check.GRACE", timedelta(seconds=-60))
    assert f"No row refers to the file {forgotten}" in checked("--only", "files")
    assert file_store.exists(forgotten)  # removing it is the sweep's
    assert timedelta(hours=24) == GRACE


def test_what_was_erased_meanwhile_is_no_problem(
    images: list[SlideImage], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of a range are read first; one of them goes, with its file, before the file's turn."""
    erased = images[-1]
    listed = file_store.stored_between

    def stored_between(low: str, high: str) -> Iterator[tuple[str, object]]:
        if low <= erased.sha256 < high:
            SlideImage.objects.filter(pk=erased.pk).delete()
            path_of(settings, erased.sha256).unlink()
        yield from listed(low, high)

    monkeypatch.setattr(file_store, "stored_between", stored_between)
    assert "problems" not in checked("--only", "files")


def test_a_broken_trail_is_told(
    images: list[SlideImage], owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = Path(settings.AUDIT_HEADS_DIR)
    heads.mkdir()
    (heads / "2026-01-02.json").write_text("{}")
    assert "The trail is broken. The head in" in checked("--only", "trail")
    assert newest(CheckedThing.TRAIL).problem_count == 1


def test_the_list_of_problems_ends_somewhere_and_the_count_does_not(
    images: list[SlideImage], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diagnosis.models.integrity_check.MOST_NAMED", 4)
    for image in images:
        path_of(settings, image.sha256).unlink()
    assert "And 8 more.\n12 problems were found." in checked("--only", "files")


class TestInParts:
    @pytest.fixture(autouse=True)
    def _a_file_at_a_time(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.INTEGRITY_CHUNK = timedelta(0)
        self.messages: list[tuple[str, list[int]]] = []
        monkeypatch.setattr(
            "celery.Celery.send_task",
            lambda _, name, args: self.messages.append((name, args)),
        )

    def run_to_the_end(self) -> int:
        """Do what the messages say until there is none; returns how many parts there were."""
        parts = 0
        while self.messages:
            name, (check_id,) = self.messages.pop()
            assert name == "diagnosis.tasks.check_part"
            integrity.check_part(check_id=check_id)
            parts += 1
        return parts

    def test_each_part_does_a_little_and_passes_the_rest_on(self, images: list[SlideImage], settings: Settings) -> None:
        path_of(settings, images[7].sha256).unlink()
        integrity.begin_due_checks()
        assert newest().checked == 1
        assert self.run_to_the_end() >= len(images)
        assert (newest().checked, newest().problem_count) == (12, 1)
        assert newest().problems == [{"kind": "missing", "id": images[7].sha256}]
        assert newest().ended_at is not None

    def test_the_next_begins_when_a_day_has_passed(self, images: list[SlideImage]) -> None:
        integrity.begin_due_checks()
        self.run_to_the_end()
        integrity.begin_due_checks()
        assert IntegrityCheck.objects.count() == 2  # files and trail
        IntegrityCheck.objects.update(started_at=timezone.now() - timedelta(days=1))
        integrity.begin_due_checks()
        assert IntegrityCheck.objects.count() == 4

    def test_one_that_was_cut_off_goes_on_where_it_was(self, images: list[SlideImage]) -> None:
        integrity.begin_due_checks()
        self.messages.clear()  # the broker lost them
        integrity.begin_due_checks()
        assert (IntegrityCheck.objects.count(), newest().checked) == (2, 2)

    def test_a_message_that_comes_twice_does_nothing_twice(self, images: list[SlideImage]) -> None:
        integrity.begin_due_checks()
        check = newest()
        IntegrityCheck.objects.update(busy_until=timezone.now() + timedelta(minutes=1))  # another is at it
        integrity.check_part(check_id=check.pk)
        assert newest().checked == 1

    def test_an_ended_check_is_over(self, images: list[SlideImage]) -> None:
        integrity.begin_due_checks()
        self.run_to_the_end()
        ended = newest().ended_at
        integrity.check_part(check_id=newest().pk)
        assert newest().ended_at == ended


def test_the_trail_is_proved_in_parts_too(
    owner: User, patient: Patient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INTEGRITY_CHUNK = timedelta(0)
    messages: list[list[int]] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda _app, _name, args: messages.append(args))
    for _ in range(3):
        audit.record(actor=owner, action="patient.viewed", subject=patient, patient_id=patient.pk)
    check = IntegrityCheck.objects.create(thing=CheckedThing.TRAIL)
    for expected in (1, 2, 3):
        integrity.check_part(check_id=check.pk)
        check.refresh_from_db()
        assert (check.checked, check.ended_at) == (expected, None)
    assert messages == [[check.pk]] * 3
    integrity.check_part(check_id=check.pk)
    check.refresh_from_db()
    assert check.ended_at is not None
    assert check.problem_count == 0
