"""The common start of benchmarks that ask a database of their own."""

import os

import django
from django.core.management import call_command


def prepare() -> None:
    """Set Django up, and the schema. Modules that have models can be imported afterwards."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.testing"
    os.environ["LOG_REQUESTS"] = "false"  # a line a request would be in the way
    django.setup()
    call_command("migrate", verbosity=0)
