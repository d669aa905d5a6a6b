"""Where files are kept: a folder of this machine, or a bucket of an object store that speaks S3."""

from typing import Any

from clinic.settings import environment

FILE_STORAGE = environment.choice("FILE_STORAGE", ("disk", "s3"), "disk")


def _bucket() -> dict[str, Any]:
    return {
        "bucket_name": environment.text("S3_BUCKET"),
        "endpoint_url": environment.text("S3_ENDPOINT", "") or None,
        "region_name": environment.text("S3_REGION", "us-east-1"),
        "access_key": environment.text("S3_ACCESS_KEY"),
        "secret_key": environment.text("S3_SECRET_KEY"),
    }


FILES: dict[str, dict[str, object]] = {
    "disk": {"BACKEND": "diagnosis.storage.AtomicFileSystemStorage"},
    "s3": {"BACKEND": "diagnosis.object_storage.ObjectStorage", "OPTIONS": _bucket() if FILE_STORAGE == "s3" else {}},
}

DELIVERIES = {"disk": ("direct", "x-accel"), "s3": ("direct",)}  # see FILE_DELIVERY
