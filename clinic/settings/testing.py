"""The test suite: the same servers and storage as everywhere, quicker password hashing."""

import tempfile
from pathlib import Path

from clinic.settings import environment
from clinic.settings.base import *  # noqa: F403  settings are layered by design
from clinic.settings.base import DATABASES, MIGRATION_DATABASE, STORAGES

SECRET_KEY = environment.text("SECRET_KEY", "only-for-tests")
AUDIT_SIGNING_KEY = environment.text("AUDIT_SIGNING_KEY", "only-for-tests")
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests make and empty databases, as only the tables' owner may; those about the application's role say so.
DATABASES["default"] |= MIGRATION_DATABASE
# Without a manifest the tests need no collectstatic.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = environment.path("MEDIA_ROOT", Path(tempfile.gettempdir()) / "second-read-test-media")
MFA_REQUIRED_ROLES = frozenset()  # tests of the second step ask for it
SITE_ADDRESS = "http://testserver"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SENDS_EMAIL = True
