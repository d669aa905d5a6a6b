"""`make run`: everything on this machine, reached at its own address only."""

from clinic.settings import environment
from clinic.settings.accounts import ROLES
from clinic.settings.base import *  # noqa: F403  settings are layered by design
from clinic.settings.base import VAR_DIR

SECRET_KEY = environment.text("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

# The demo's administrator can look around at once. A server asks administrators for a second step.
MFA_REQUIRED_ROLES = environment.chosen("MFA_REQUIRED_ROLES", "none", among=ROLES)
SITE_ADDRESS = environment.text("SITE_ADDRESS", f"http://127.0.0.1:{environment.integer('PORT', 8000)}")

# Without a mail server every mail is a file that the person at this machine can open.
if not environment.given("EMAIL_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = environment.path("MAIL_FOLDER", VAR_DIR / "mail")
    SENDS_EMAIL = True
