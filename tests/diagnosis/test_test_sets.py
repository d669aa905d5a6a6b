"""Locking a site's own test set: from a zip in the browser or a folder on the server, checked whole, never changed."""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import InternalError, transaction
from django.test import Client
from pytest_django import Settings

from clinic.models import AuditEvent, User
from diagnosis.models import TestImage, TestSet
from diagnosis.selectors.test_sets import current_test_set
from diagnosis.services import file_store, test_sources
from diagnosis.services.file_removal import referred_to
from tests.factories import drawn_png

PAGE = "/test-sets/"
Files = Mapping[str, bytes]


def tissue(kind: str, seed: int) -> bytes:
    return drawn_png(assay="breast", kind=kind, seed=seed)


@pytest.fixture
def files() -> dict[str, bytes]:
    """Two patches of each class; the malignant ones are of one patient."""
    images = {f"Benign/{seed}.png": tissue("Benign", seed) for seed in (1, 2)}
    images |= {f"Malignant/{seed}.png": tissue("Malignant", seed) for seed in (3, 4)}
    return images | {"groups.csv": b"file,patient\n3.png,A\n4.png,A\n"}


@pytest.fixture
def page(web: Callable[[str], Client]) -> Client:
    return web("administrator")


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(files: Files, *, under: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{under}{name}", content)
    return held.getvalue()


def lock(page: Client, content: bytes, *, name: str = "Spring", assay: str = "breast") -> Any:
    sent = SimpleUploadedFile("ours.zip", content)
    return page.post(PAGE, {"assay": assay, "name": name, "images": sent}, follow=True)


def test_an_administrator_locks_a_zip(page: Client, files: Files, administrator: User) -> None:
    answer = lock(page, zipped(files))
    test_set = TestSet.objects.get()
    assert "Spring is locked" in answer.content.decode()
    assert (test_set.images_by_class, test_set.groups) == ({"Benign": 2, "Malignant": 2}, 3)
    assert (test_set.locked_by, test_set.locked_at is None) == (administrator, False)
    assert current_test_set("breast") == test_set
    assert current_test_set("leukemia") is None
    assert {file_store.get(image.sha256) for image in test_set.images.all()} == {
        content for name, content in files.items() if name.endswith(".png")
    }
    assert file_store.get(test_set.manifest_sha256).count(b"\n") == 5
    event = AuditEvent.objects.get(action="test_set.locked")
    assert (event.actor, event.detail["images"]) == (administrator, 4)


def test_the_files_of_a_test_set_are_never_swept(page: Client, files: Files) -> None:
    lock(page, zipped(files))
    digests = [*TestImage.objects.values_list("sha256", flat=True), TestSet.objects.get().manifest_sha256]
    assert referred_to(digests) == set(digests)


def test_a_folder_around_and_what_computers_leave_behind_do_no_harm(page: Client, files: Files) -> None:
    extra = {"../__MACOSX/Benign/._1.png": b"x", "Benign/.DS_Store": b"x"}
    lock(page, zipped({**files, **extra}, under="our images/"))
    assert TestSet.objects.get().total == 4


def test_the_same_images_again_are_the_same_test_set(page: Client, files: Files) -> None:
    lock(page, zipped(files))
    answer = lock(page, zipped(files, under="elsewhere/"), name="Another name")
    assert "locked already, as Spring" in answer.content.decode()
    assert TestSet.objects.count() == 1


def test_the_newest_is_the_current_one(page: Client, files: dict[str, bytes]) -> None:
    lock(page, zipped(files))
    lock(page, zipped(files | {"Benign/9.png": tissue("Benign", 9)}), name="Summer")
    assert str(current_test_set("breast")) == "Summer"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Benign/1.png": b"no image"}, "Benign/1.png"),
        ({"Malignant/1.png": tissue("Benign", 1)}, "folders of two classes"),
        ({"notes.png": tissue("Benign", 8)}, "not in a folder named after a class"),
        ({"groups.csv": b"picture,patient\n"}, "needs a column file"),
        ({"groups.csv": b"file,patient\nother.png,A\n"}, "no group to any"),
        ({"Benign/1.png": None, "Benign/2.png": None}, "no image of the class Benign"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_and_nothing_is_stored(
    page: Client, files: dict[str, bytes], change: dict[str, bytes | None], said: str
) -> None:
    changed = {name: content for name, content in {**files, **change}.items() if content is not None}
    answer = lock(page, zipped(changed))
    assert answer.status_code == 400
    assert said in answer.context["refusal"]
    assert tempfile.gettempdir() not in answer.context["refusal"]
    assert not TestSet.objects.exists()
    assert not file_store.exists(sha256_of(files["Malignant/3.png"]))


@pytest.mark.parametrize("damage", [lambda png: png[:-60], lambda png: png[:90] + b"?" + png[91:]], ids=["cut", "bit"])
def test_an_image_that_is_cut_off_or_damaged_is_named_before_anything_is_stored(
    page: Client, files: Files, damage: Callable[[bytes], bytes]
) -> None:
    answer = lock(page, zipped({**files, "Malignant/3.png": damage(files["Malignant/3.png"])}))
    assert (answer.status_code, "Malignant/3.png: The file is " in answer.content.decode()) == (400, True)
    assert not TestSet.objects.exists()
    assert not referred_to([sha256_of(files["Malignant/4.png"])])


@pytest.mark.parametrize("cut", [0, 10, 1000])
def test_a_broken_zip_is_refused(page: Client, files: Files, cut: int) -> None:
    content = zipped(files)
    assert lock(page, content[:cut]).status_code == 400
    assert lock(page, content[:-30] + b"\0" * 8 + content[-22:]).status_code == 400
    assert not TestSet.objects.exists()


def test_too_many_or_too_large_images_are_refused_before_they_are_unpacked(
    page: Client, files: Files, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MAX_FILE_BYTES = 100
    assert "larger than" in lock(page, zipped(files)).context["refusal"]
    monkeypatch.setattr(test_sources, "MOST_IMAGES", -999)
    assert "at most" in lock(page, zipped(files)).context["refusal"]
    settings.UPLOAD_MAX_REQUEST_BYTES = 200
    assert lock(page, zipped(files)).status_code == 413


def test_another_set_of_the_same_name_is_refused_and_what_was_typed_stays(
    page: Client, files: dict[str, bytes]
) -> None:
    lock(page, zipped(files))
    answer = lock(page, zipped(files | {"Benign/9.png": tissue("Benign", 9)}))
    assert "another test set of this name" in answer.context["refusal"]
    assert 'value="Spring"' in answer.content.decode()


def test_nothing_of_a_locked_set_changes(page: Client, files: Files) -> None:
    lock(page, zipped(files))
    test_set = TestSet.objects.get()
    image = test_set.images.first()
    assert image is not None
    for change in (
        lambda: TestSet.objects.update(name="Autumn"),
        lambda: TestSet.objects.all()._raw_delete("default"),
        lambda: TestImage.objects.update(label="Benign"),
        lambda: TestImage.objects.filter(pk=image.pk).delete(),
        lambda: TestImage.objects.create(test_set=test_set, sha256="0" * 64, label="Benign", group=1),
    ):
        with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
            change()


def test_the_command_locks_a_folder_or_a_zip(
    db: None, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in files.items():
        path = tmp_path / "ours" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "ours.zip").write_bytes(zipped(files))
    call_command("lock_test_set", tmp_path / "ours", assay="breast", name="Spring")
    call_command("lock_test_set", tmp_path / "ours.zip", assay="breast", name="Spring")
    assert "locked, 4 images in 3 groups" in capsys.readouterr().out
    assert TestSet.objects.count() == 1


def test_the_command_reads_every_image_to_its_end(db: None, files: dict[str, bytes], tmp_path: Path) -> None:
    files["Benign/1.png"] = files["Benign/1.png"][:-900]
    (tmp_path / "ours.zip").write_bytes(zipped(files))
    with pytest.raises(CommandError, match=r"Benign/1\.png"):
        call_command("lock_test_set", tmp_path / "ours.zip", assay="breast", name="Spring")


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_nobody_else_locks_test_sets(web: Callable[[str], Client], files: Files, who: str) -> None:
    assert lock(web(who), zipped(files)).status_code == 403
    assert web(who).get(PAGE).status_code == 403
