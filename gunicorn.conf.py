"""What gunicorn reads by itself when it is started in this folder."""

import os
import shutil
import tempfile
from typing import Any

logger_class = "clinic.web_server_log.QuietLogger"

COUNTS = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client as soon as a worker imports it


def on_starting(_server: Any) -> None:
    """Read the settings once before any worker is there: what is wrong with them is said once, and nothing starts."""
    from django.conf import settings  # noqa: PLC0415  the folder is on Python's path only now

    from clinic.settings import safety  # noqa: PLC0415

    safety.refuse_unsafe(settings)
    if settings.METRICS:
        os.environ[COUNTS] = tempfile.mkdtemp(prefix="second-read-counts-")


def on_exit(_server: Any) -> None:
    """The workers' counts end with them."""
    if folder := os.environ.get(COUNTS):
        shutil.rmtree(folder, ignore_errors=True)
