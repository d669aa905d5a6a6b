"""The second step: its secrets are encrypted in the database, its drawings fit our pages."""

import base64
import hashlib

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from qrcode.image.svg import SvgPathImage

from clinic.accounts.adapter import AccountAdapter
from clinic.models import User


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Our rules in allauth's places."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        """A copy of the database alone gives nobody a second step."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Also what was encrypted under a key in SECRET_KEY_FALLBACKS."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """The drawing as a part of the page: an image with a data address would break the content security policy."""
        image = qrcode.make(url, image_factory=SvgPathImage)
        return str(image.to_string(encoding="unicode"))

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        """What the person's device shows for the passkey."""
        return {"id": user.pk.hex.encode(), "display_name": user.full_name, "name": user.email}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """This site, as passkeys are bound to it."""
        request: HttpRequest = self.request
        return {"id": request.get_host().partition(":")[0], "name": settings.MFA_TOTP_ISSUER}


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(str(text))) for text in keys])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"second step:{secret}".encode()).digest())
