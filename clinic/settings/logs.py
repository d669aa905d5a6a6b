"""Logs and reports of errors: `clinic.logs` keeps values out of both."""

import os
from typing import Any

from clinic.settings import environment

# `make run` shows its logs to a person; on servers programs read them.
_FOR_A_PERSON = os.environ.get("DJANGO_SETTINGS_MODULE") == "clinic.settings.embedded"
LOG_FORMAT = environment.choice("LOG_FORMAT", ("json", "text"), "text" if _FOR_A_PERSON else "json")
LOG_REQUESTS = environment.flag("LOG_REQUESTS", default=not _FOR_A_PERSON)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_values": {"()": "clinic.logs.WithoutValues"}},
    "formatters": {
        "line": {"()": "clinic.logs.formatter", "form": LOG_FORMAT},
        "mail": {"()": "clinic.logs.formatter", "form": "text"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_values"]},
        "mail_admins": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "formatter": "mail",
            "filters": ["without_values"],
        },
    },
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": ["mail_admins"], "level": "INFO"},
        # A line for each request, with its id, its time and its answer.
        "clinic.request_log": {"level": "INFO" if LOG_REQUESTS else "WARNING"},
        # Anybody can send a forged Host header; each is refused, and none is worth a mail.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Tells which letters a report is drawn with.
        "fontTools": {"level": "WARNING"},
    },
}
DEFAULT_EXCEPTION_REPORTER = "clinic.error_reports.ReportWithoutValues"
