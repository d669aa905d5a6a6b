"""The test suite: the same servers and storage as everywhere, quicker password hashing."""

import tempfile
from pathlib import Path

from clinic.settings import environment
from clinic.settings.base import *  # noqa: F403  settings are layered by design
from clinic.settings.base import STORAGES

SECRET_KEY = environment.text("SECRET_KEY", "only-for-tests")
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Without a manifest the tests need no collectstatic.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = environment.path("MEDIA_ROOT", Path(tempfile.gettempdir()) / "second-read-test-media")
