"""Logs and reports of errors: `clinic.logs` keeps values out of both."""

from typing import Any

from clinic.settings import environment

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_values": {"()": "clinic.logs.WithoutValues"}},
    "formatters": {
        "line": {"()": "clinic.logs.Formatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_values"]},
        "mail_admins": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "formatter": "line",
            "filters": ["without_values"],
        },
    },
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": ["mail_admins"], "level": "INFO"},
        # Anybody can send a forged Host header; each is refused, and none is worth a mail.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Tells which letters a report is drawn with.
        "fontTools": {"level": "WARNING"},
    },
}
DEFAULT_EXCEPTION_REPORTER = "clinic.error_reports.ReportWithoutValues"
