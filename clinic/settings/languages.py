"""In which languages the site speaks, and how dates are written in each: clinic/formats."""

from pathlib import Path

LANGUAGE_CODE = "en"  # what a message is written in, and what programs, logs and the command line get
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [Path(__file__).resolve().parent.parent.parent / "locale"]
FORMAT_MODULE_PATH = "clinic.formats"
USE_I18N = True
USE_TZ = True

# The language chosen before anybody has signed in.
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# The browser's time zone, as static/js/time_zone.js tells it.
TIME_ZONE_COOKIE_NAME = "time-zone"
