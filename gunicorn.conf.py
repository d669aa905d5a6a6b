"""What gunicorn reads by itself when it is started in this folder."""

from typing import Any

logger_class = "clinic.web_server_log.QuietLogger"


def on_starting(_server: Any) -> None:
    """Read the settings once before any worker is there: what is wrong with them is said once, and nothing starts."""
    from django.conf import settings  # noqa: PLC0415  the folder is on Python's path only now

    from clinic.settings import safety  # noqa: PLC0415

    safety.refuse_unsafe(settings)
