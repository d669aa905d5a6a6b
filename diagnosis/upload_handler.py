"""Receiving files: streamed to disk, never more of one than the limit."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from mlcore.bundle import MAX_BYTES


class SizeLimitedUploadHandler(TemporaryFileUploadHandler):
    """Keeps at most one byte more than the limit of each file, so that a huge one is seen to be too large, is refused
    by name, and fills neither disk nor memory; its siblings arrive whole."""

    @property
    def limit(self) -> int:
        """How many bytes a file may have."""
        return settings.UPLOAD_MAX_FILE_BYTES

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin a file. Django would end the temporary file's name like the sent one, which may be too long a name."""
        super().new_file(field_name, "image", *args, **kwargs)
        self.file_name = self.file.name = file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        room = self.limit + 1 - start
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)
        return None


class BundleUploadHandler(SizeLimitedUploadHandler):
    """For model bundles."""

    @property
    def limit(self) -> int:
        """As large as a bundle may be."""
        return MAX_BYTES


class ZipUploadHandler(SizeLimitedUploadHandler):
    """For a zip of many images."""

    @property
    def limit(self) -> int:
        """As large as one upload may be."""
        return settings.UPLOAD_MAX_REQUEST_BYTES
