"""A server that patients' data live on. It refuses to start with a weak setting."""

from django.core.exceptions import ImproperlyConfigured

from clinic.settings import environment
from clinic.settings.base import *  # noqa: F403  settings are layered by design

SECRET_KEY_LENGTH = 50  # what Django's own deployment check asks for
SECRET_KEY_CHARACTERS = 5

SECRET_KEY = environment.text("SECRET_KEY")
if len(SECRET_KEY) < SECRET_KEY_LENGTH or len(set(SECRET_KEY)) < SECRET_KEY_CHARACTERS:
    raise ImproperlyConfigured("SECRET_KEY is too weak. Use at least 50 random characters.")

AUDIT_ROLE_MUST_BE_RESTRICTED = True

DEBUG = False
if environment.flag("DEBUG", default=False):
    raise ImproperlyConfigured("DEBUG must not be set in production: it shows patients' data in error pages.")

ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS")
if any("*" in host for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts. A * lets anyone forge links.")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

# The reverse proxy ends TLS and says so in this header; it must drop the header from clients' requests.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
