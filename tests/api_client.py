"""A program of another system: signs in with a token and sends images over HTTP."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests

from clinic.models import User
from clinic.services.tokens import issue_token


@dataclass
class ApiClient:
    """Calls the REST API of a running web server."""

    address: str
    token: str

    @classmethod
    def of(cls, user: User, address: str) -> "ApiClient":
        """A client that acts for `user`."""
        return cls(address, issue_token(person=user).text)

    def get(self, path: str) -> Any:
        """The JSON found at `path`."""
        answer = requests.get(self.address + path, headers=self._headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def upload(self, case: UUID, files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> requests.Response:
        """Send several files to a case in one request."""
        pairs = files.items() if isinstance(files, Mapping) else files
        return requests.post(
            f"{self.address}/api/v1/cases/{case}/images/",
            headers=self._headers,
            files=[("files", (name, content, "application/octet-stream")) for name, content in pairs],
            timeout=300,
        )

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}
