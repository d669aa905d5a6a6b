"""Where our own errors are reported to: nowhere, unless a Sentry is named. What it is told: clinic/sentry.py."""

from clinic.settings import environment

SENTRY_DSN = environment.text("SENTRY_DSN", "")
SENTRY_ENVIRONMENT = environment.text("SENTRY_ENVIRONMENT", "production")
