"""`make run`: everything on this machine, reached at its own address only."""

from clinic.settings import environment
from clinic.settings.base import *  # noqa: F403  settings are layered by design

SECRET_KEY = environment.text("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
