"""A program that uses the REST API of a running site."""

import time
from collections.abc import Sequence
from typing import Any, Self

import requests


class Client:
    """Calls the API with a token."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {token}"

    @classmethod
    def signed_in(cls, address: str, email: str, password: str) -> Self:
        """With a token of its own."""
        body = {"email": email, "password": password}
        answer = requests.post(f"{address}/api/v1/tokens/", json=body, timeout=60)
        answer.raise_for_status()
        return cls(address, answer.json()["token"])

    def post(self, path: str, **body: Any) -> Any:
        """The answer's JSON."""
        answer = self.session.post(self.address + path, timeout=300, **body)
        answer.raise_for_status()
        return answer.json()

    def get(self, address: str, **headers: str) -> Any:
        """The answer's JSON."""
        answer = self.session.get(address, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def new_case(self, assay: str) -> str:
        """A case of a patient of its own."""
        number = f"BENCH-{time.time_ns()}"
        patient = self.post("/api/v1/patients/", json={"record_number": number, "family_name": number})
        today = time.strftime("%Y-%m-%d", time.gmtime())
        case = self.post("/api/v1/cases/", json={"patient": patient["id"], "assay": assay, "specimen_date": today})
        return str(case["id"])

    def upload(self, case: str, images: Sequence[bytes]) -> list[str]:
        """Send images; returns the addresses of their analyses."""
        files = [("files", (f"{number}.image", content)) for number, content in enumerate(images)]
        outcomes = self.post(f"/api/v1/cases/{case}/images/", files=files)["files"]
        return [outcome["analysis_url"] for outcome in outcomes]

    def wait_for(self, addresses: Sequence[str], *, pause: float) -> list[Any]:
        """The analyses, once every one has ended well."""
        return [self._ended(address, pause) for address in addresses]

    def _ended(self, address: str, pause: float) -> Any:
        while (analysis := self.get(address, Prefer="wait=3"))["state"] in {"queued", "running"}:
            time.sleep(pause)
        assert analysis["state"] == "succeeded", analysis["state"]
        return analysis
