"""Images a second from upload to stored result, and the latency of a single image, against a running server.

    python -m benchmarks.upload_to_result --address http://127.0.0.1:8000 --email doctor@lab.example

The password is read from the environment variable PASSWORD. Images are drawn; each run registers a patient of its own.
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

import requests

from mlcore.assays import get_assay
from mlcore.overlays import encode_png
from mlcore.synthetic import draw

FILES_A_REQUEST = 20


class Client:
    """Signs in and calls the API."""

    def __init__(self, address: str, email: str, password: str) -> None:
        self.address = address
        self.session = requests.Session()
        token = self.post("/api/v1/tokens/", json={"email": email, "password": password})["token"]
        self.session.headers["Authorization"] = f"Token {token}"

    def post(self, path: str, **body: Any) -> Any:
        """The answer's JSON."""
        answer = self.session.post(self.address + path, timeout=300, **body)
        answer.raise_for_status()
        return answer.json()

    def upload(self, case: str, images: Sequence[bytes]) -> list[str]:
        """Send images; returns the addresses of their analyses."""
        files = [("files", (f"{number}.png", content, "image/png")) for number, content in enumerate(images)]
        outcomes = self.post(f"/api/v1/cases/{case}/images/", files=files)["files"]
        return [outcome["analysis_url"] for outcome in outcomes]

    def wait_for(self, addresses: Sequence[str], *, pause: float) -> None:
        """Wait until every analysis has ended well."""
        for address in addresses:
            while (state := self.session.get(address, timeout=60).json()["state"]) in {"queued", "running"}:
                time.sleep(pause)
            assert state == "succeeded", state


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--email", required=True)
    parser.add_argument("--assay", default="leukemia")
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    client = Client(options.address, options.email, os.environ["PASSWORD"])
    case = new_case(client, options.assay)
    kinds = get_assay(options.assay).classes
    images = [encode_png(draw(options.assay, kinds[seed % len(kinds)], seed)) for seed in range(1, options.count + 41)]

    latencies = []
    for image in images[:40]:
        started = time.perf_counter()
        client.wait_for(client.upload(case, [image]), pause=0.005)
        latencies.append(time.perf_counter() - started)
    quantiles = statistics.quantiles(latencies, n=20)
    print(f"one image, idle: p50 {1000 * statistics.median(latencies):.0f} ms, p95 {1000 * quantiles[18]:.0f} ms")

    started = time.perf_counter()
    waiting: list[str] = []
    for start in range(40, len(images), FILES_A_REQUEST):
        waiting += client.upload(case, images[start : start + FILES_A_REQUEST])
    uploaded = time.perf_counter() - started
    client.wait_for(waiting, pause=0.05)
    done = time.perf_counter() - started
    print(f"{options.count} images: taken in {options.count / uploaded:.1f}/s")
    print(f"upload to stored result {options.count / done:.1f}/s")


def new_case(client: Client, assay: str) -> str:
    """A case of a patient of its own."""
    number = f"BENCH-{time.time_ns()}"
    patient = client.post("/api/v1/patients/", json={"record_number": number, "family_name": number})
    today = time.strftime("%Y-%m-%d", time.gmtime())
    case = client.post("/api/v1/cases/", json={"patient": patient["id"], "assay": assay, "specimen_date": today})
    return str(case["id"])


if __name__ == "__main__":
    main()
