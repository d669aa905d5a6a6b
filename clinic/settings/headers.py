"""What every answer tells the browser it may do with it; `clinic.headers` puts it on. HTTPS: production.py."""

from csp.constants import NONCE, NONE, SELF

# Nothing from other hosts, nothing inline: a block that cannot be a file of ours needs the nonce of its own answer.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# A page of ours needs none of a browser's senses; of its other powers only passkeys.
_REFUSED_POWERS = (
    "accelerometer",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_OWN_POWERS = ("publickey-credentials-create", "publickey-credentials-get")
MORE_SECURE_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        [*(f"{name}=()" for name in _REFUSED_POWERS), *(f"{name}=(self)" for name in _OWN_POWERS)]
    ),
    "X-Permitted-Cross-Domain-Policies": "none",
}

# Messages to a person wait in the session: a cookie of their own would carry their text.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
WHITENOISE_ALLOW_ALL_ORIGINS = False
