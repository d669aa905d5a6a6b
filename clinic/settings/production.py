"""A server that patients' data live on. It refuses to start with a weak setting, and says all that is wrong at once."""

from clinic.settings import environment, safety

PROBLEMS = environment.collect_problems()

from clinic.settings.base import *  # noqa: E402, F403  settings are layered by design; problems are collected first

SECRET_KEY = environment.text("SECRET_KEY")
DEBUG = environment.flag("DEBUG", default=False)
AUDIT_ROLE_MUST_BE_RESTRICTED = True

ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS")
# What links in mails begin with: never what a request claims its host to be.
SITE_ADDRESS = environment.text("SITE_ADDRESS", f"https://{next(iter(ALLOWED_HOSTS), '')}")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

# The reverse proxy ends TLS and says so in this header; it must drop the header from clients' requests.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = environment.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = environment.flag("SESSION_COOKIE_SECURE", default=True)
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = environment.flag("CSRF_COOKIE_SECURE", default=True)
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = CSRF_COOKIE_SECURE
KNOWN_DEVICE_COOKIE_NAME = "__Host-known-device"

safety.refuse([*PROBLEMS, *safety.problems_of(globals())])
REFUSE_UNSAFE = True  # a site's own settings that build on these are checked again once they are complete
