"""Signing in to the REST API with a token."""

from typing import Any

from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox ships no types
    """`Authorization: Token ...`; the database holds only the token's hash."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """The token's owner. A token that is not even text is as invalid as any other."""
        try:
            return super().authenticate_credentials(token)
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token.") from None
