"""The file store gives back the bytes that were stored, or nothing."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import TemporaryUploadedFile
from pytest_django import Settings

from diagnosis.services import file_store


def stored_files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_it_gives_back_what_was_stored() -> None:
    assert file_store.get(file_store.put(b"pixels")) == b"pixels"


def test_the_same_bytes_are_one_file(settings: Settings) -> None:
    assert file_store.put(b"pixels") == file_store.put(ContentFile(b"pixels"))
    assert len(stored_files(settings)) == 1


def test_it_refuses_a_file_with_a_flipped_bit(settings: Settings) -> None:
    sha256 = file_store.put(b"pixels")
    stored_files(settings)[0].write_bytes(b"pixelr")
    with pytest.raises(file_store.DamagedFile):
        file_store.get(sha256)


def test_storing_again_repairs_a_damaged_file(settings: Settings) -> None:
    sha256 = file_store.put(b"pixels")
    stored_files(settings)[0].write_bytes(b"")
    file_store.put(b"pixels")
    assert file_store.get(sha256) == b"pixels"


def test_it_refuses_a_missing_file() -> None:
    with pytest.raises(file_store.DamagedFile):
        file_store.get("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_only_a_digest_names_a_file(name: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        file_store.get(name)


def test_only_the_owner_of_the_process_reads_the_files(settings: Settings) -> None:
    file_store.put(b"pixels")
    assert stored_files(settings)[0].stat().st_mode & 0o077 == 0


def under_way(content: bytes) -> TemporaryUploadedFile:
    file = TemporaryUploadedFile("field.png", "image/png", len(content), None)
    file.write(content)
    return file


def test_an_upload_is_not_written_a_second_time(settings: Settings, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    with under_way(b"pixels") as file:
        sha256 = file_store.put(file)
        assert stored_files(settings)[0].stat().st_ino == Path(file.temporary_file_path()).stat().st_ino
        assert file_store.put(file) == sha256  # asked for again while the request still has it
    assert file_store.get(sha256) == b"pixels"
    (stored,) = stored_files(settings)
    assert (stored.stat().st_nlink, stored.stat().st_mode & 0o777) == (1, 0o600)


def test_an_upload_on_another_disk_is_copied(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with under_way(b"pixels") as file:
        sha256 = file_store.put(file)
    assert file_store.get(sha256) == b"pixels"
    assert [path.stat().st_mode & 0o777 for path in stored_files(settings)] == [0o600]


def test_a_write_that_fails_leaves_nothing_behind(settings: Settings) -> None:
    class NoRoom(ContentFile):  # type: ignore[type-arg]  # generic for the type checker alone
        reads = 0  # the first is to hash it, the second to write it

        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            self.reads += 1
            yield b"pix"
            if self.reads > 1:
                raise OSError("no space left on device")

    with pytest.raises(OSError, match="space"):
        file_store.put(NoRoom(b"pixels"))
    assert stored_files(settings) == []
