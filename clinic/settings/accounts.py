"""Signing in: how a person proves who they are, how often they may try, and how long it lasts."""

from datetime import timedelta

from clinic.settings import environment

AUTH_USER_MODEL = "clinic.User"
LOGIN_URL = "clinic:sign_in"
LOGIN_REDIRECT_URL = "clinic:home"
LOGOUT_REDIRECT_URL = "clinic:sign_in"

# Passwords: long, not common, and no rules about what they are made of.
LONGEST_PASSWORD = 4096  # far beyond any pass phrase; a limit all the same, for each try is hashed
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "clinic.accounts.passwords.NotCommonInDisguise"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ["email", "full_name"]}},
    {"NAME": "clinic.accounts.passwords.NoNullCharacter"},
]  # fmt: skip
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())

# The flows of signing in are django-allauth's; accounts are given out, nobody signs up.
ACCOUNT_ADAPTER = "clinic.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation reaches a person by that very address
ACCOUNT_SESSION_REMEMBER = False  # the cookie goes when the browser is closed
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "clinic.accounts.reset_links.ResetLinks"  # noqa: S105
ACCOUNT_FORMS = {
    "reset_password": "clinic.accounts.forms.AskForLinkForm",
    "reset_password_from_key": "clinic.accounts.forms.PasswordByLinkForm",
    "reauthenticate": "clinic.accounts.forms.ConfirmForm",
}
# Passwords are counted by our own rules (SIGN_IN_LIMITS). What stays here needs a password or a link first.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "5/5m/key",  # wrong codes of the second step, a person
    "reset_password": "20/m/ip",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
}
ACCOUNT_LOGIN_TIMEOUT = int(timedelta(minutes=10).total_seconds())  # from the password to the second step

# The second step
MFA_ADAPTER = "clinic.accounts.second_step_adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "Second Read"
MFA_TOTP_TOLERANCE = 1  # the code before and after this one: people type slowly and clocks drift
MFA_FORMS = {
    "authenticate": "clinic.accounts.forms.CodeForm",
    "reauthenticate": "clinic.accounts.forms.ConfirmByCodeForm",
    "activate_totp": "clinic.accounts.forms.AppForm",
    "add_webauthn": "clinic.accounts.forms.PasskeyForm",
    "login_webauthn": "clinic.accounts.forms.SignInByPasskeyForm",
    "authenticate_webauthn": "clinic.accounts.forms.StepByPasskeyForm",
    "reauthenticate_webauthn": "clinic.accounts.forms.ConfirmByPasskeyForm",
}
ROLES = frozenset({"doctor", "administrator", "auditor"})
MFA_REQUIRED_ROLES = environment.chosen("MFA_REQUIRED_ROLES", "administrator", among=ROLES)

# How many failed tries in how many seconds: see docs/decisions/0013-sign-in.md.
SIGN_IN_LIMITS = {
    "device": (10, 600),
    "account_and_address": (5, 300),
    "address": (30, 300),
    "account": (20, 3600),
}
KNOWN_FOR = timedelta(days=180)  # how long a browser, or an address, counts as one the person signs in from
KNOWN_DEVICE_COOKIE_NAME = "known-device"
RESET_MAIL_LIMIT = (3, 3600)  # mails to one account; the links in the earlier ones stay good

# Sessions
SESSION_IDLE = timedelta(minutes=15)
SESSION_LONGEST = timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# Invitations
INVITATION_GOOD_FOR = timedelta(days=7)
FIRST_INVITATION_GOOD_FOR = timedelta(hours=24)

# Email: without a host the site sends none, and administrators hand the links over themselves.
EMAIL_HOST = environment.text("EMAIL_HOST", "")
EMAIL_PORT = environment.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = environment.text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_PASSWORD", "")
EMAIL_USE_SSL = environment.flag("EMAIL_SSL", default=False)
EMAIL_USE_TLS = environment.flag("EMAIL_STARTTLS", default=not EMAIL_USE_SSL)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "Second Read <second-read@localhost>")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
SENDS_EMAIL = bool(EMAIL_HOST)
