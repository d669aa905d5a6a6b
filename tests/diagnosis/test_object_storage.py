"""The file store in a bucket, on an S3 server that runs here: it gives back what was stored, or nothing."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from clinic.disks import is_disk_trouble
from clinic.models import User
from clinic.services import readiness
from diagnosis.models import Case, ModelVersion
from diagnosis.services import file_store
from diagnosis.services.file_removal import remove_forgotten_files
from diagnosis.services.uploads import accept_image
from tests.factories import ImageFactory, drawn_png

BUCKET = "second-read"
KEYS = {"access_key": "only-for-tests", "secret_key": "only-for-tests"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(autouse=True)
def bucket(server: str, settings: Settings) -> Iterator[object]:
    """An empty bucket, in which files are stored."""
    client = boto3.resource(
        "s3",
        endpoint_url=server,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
    )
    bucket = client.create_bucket(Bucket=BUCKET)
    options = {"bucket_name": BUCKET, "endpoint_url": server, "region_name": "us-east-1", **KEYS}
    storage = {"BACKEND": "diagnosis.object_storage.ObjectStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    yield bucket
    used: Any = storages["default"]
    used.connection.meta.client.close()
    bucket.objects.all().delete()
    bucket.delete()
    client.meta.client.close()


def overwrite(bucket: object, sha256: str, content: bytes) -> None:
    bucket.put_object(Key=file_store.name_of(sha256), Body=content)  # type: ignore[attr-defined]  # made at run time


def test_it_gives_back_what_was_stored() -> None:
    sha256 = file_store.put(b"pixels")
    assert file_store.get(sha256) == b"pixels"
    assert file_store.verify(sha256) == 6
    assert b"".join(file_store.chunks(sha256)) == b"pixels"


def test_the_same_bytes_are_one_object(bucket: object) -> None:
    assert file_store.put(b"pixels") == file_store.put(ContentFile(b"pixels"))
    assert len(list(bucket.objects.all())) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("damage", [b"pixelr", b"", b"pixels and more"])
def test_it_refuses_an_object_that_is_not_what_was_stored(bucket: object, damage: bytes) -> None:
    sha256 = file_store.put(b"pixels")
    overwrite(bucket, sha256, damage)
    for read in (file_store.get, file_store.verify):
        with pytest.raises(file_store.DamagedFile):
            read(sha256)
    file_store.put(b"pixels")
    assert file_store.get(sha256) == b"pixels"


def test_it_refuses_a_missing_object() -> None:
    with pytest.raises(file_store.DamagedFile):
        file_store.get("0" * 64)
    assert not file_store.exists("0" * 64)


def test_a_file_larger_than_memory_allows_is_read_whole() -> None:
    content = bytes(range(256)) * 40_000
    assert file_store.get(file_store.put(content)) == content


def test_what_was_sent_can_be_sent_again() -> None:
    file: File[bytes] = ContentFile(b"pixels")
    file_store.put(file)
    file.seek(0)
    assert file_store.get(file_store.put(file)) == b"pixels"


def test_removing_and_listing_know_every_object() -> None:
    digests = sorted(file_store.put(f"file {number}".encode()) for number in range(5))
    assert sorted(name for name, _ in file_store.stored_between("", "g")) == digests
    file_store.remove(digests[0])
    file_store.remove(digests[0])
    assert sorted(file_store.stored_before(timedelta(seconds=-60))) == digests[1:]


@pytest.mark.django_db
def test_files_without_a_row_are_swept(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnosis.services.file_removal.GRACE", timedelta(seconds=-60))
    kept, forgotten = file_store.put(b"kept"), file_store.put(b"forgotten")
    ImageFactory.create(case=case, sha256=kept)
    assert remove_forgotten_files() == 1
    assert (file_store.exists(kept), file_store.exists(forgotten)) == (True, False)


@pytest.mark.django_db
def test_an_upload_is_stored_and_a_picture_is_shown_or_refused(
    bucket: object, case: Case, model: ModelVersion, owner: User, owner_client: Client
) -> None:
    sent = SimpleUploadedFile("field.png", drawn_png())
    image = accept_image(case=case, uploaded_by=owner, file=sent).analysis.image
    assert file_store.get(image.sha256) == drawn_png()
    picture = file_store.put(drawn_png(seed=5))
    address = f"/images/{ImageFactory.create(case=case, display_sha256=picture).pk}/display"
    assert owner_client.get(address).content == drawn_png(seed=5)
    overwrite(bucket, picture, b"flipped")
    assert owner_client.get(address).status_code != 200


@pytest.mark.django_db(transaction=True)
def test_every_object_is_checked(bucket: object, case: Case) -> None:
    content = b"an image"
    image = ImageFactory.create(case=case, sha256=file_store.put(content), size_bytes=len(content))
    said = StringIO()
    call_command("check_integrity", "--only", "files", stdout=said)
    assert "1 looked at, 8 bytes read" in said.getvalue()
    overwrite(bucket, image.sha256, b"flipped")
    with pytest.raises(Exception, match="1 problems were found"):
        call_command("check_integrity", "--only", "files", stdout=said)


def test_the_bucket_is_part_of_being_ready(bucket: object, server: str, settings: Settings) -> None:
    readiness.check_storage()
    options = {**settings.STORAGES["default"]["OPTIONS"], "bucket_name": "not-there"}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    with pytest.raises(readiness.NotReady):
        readiness.check_storage()


@pytest.mark.parametrize("act", [lambda: file_store.put(b"bytes"), lambda: file_store.get("0" * 64)])
def test_a_store_that_fails_is_trouble_as_with_a_disk(
    act: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://store.example")

    for way in ("_open", "_save"):
        monkeypatch.setattr(f"storages.backends.s3.S3Storage.{way}", fail)
    with pytest.raises(OSError, match="failed") as caught:
        act()
    assert is_disk_trouble(caught.value)
