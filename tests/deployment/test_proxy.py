"""The reverse proxy as deploy/Caddyfile describes it: a real Caddy before the real pages."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings as configured
from django.test import Client

from clinic.models import User
from diagnosis.models import Case, ModelVersion, Prediction
from diagnosis.services import file_store
from tests.deployment.files import ROOT
from tests.factories import ImageFactory, PredictionFactory, drawn_png
from tests.stack import running_stack
from tests.waiting import wait_until

CADDY = shutil.which("caddy") or os.environ.get("CADDY")
pytestmark = [
    pytest.mark.skipif(not CADDY, reason="left out: caddy is not installed (apt install caddy)"),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # its certificate is its own
]


@pytest.fixture
def application(transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Host and port of the web server, which leaves the files to the proxy."""
    monkeypatch.setenv("FILE_DELIVERY", "x-accel")
    with running_stack(tmp_path) as stack:
        stack.start_web()
        yield stack.address.removeprefix("http://")


@pytest.fixture
def proxy(application: str, tmp_path: Path) -> Iterator[str]:
    """The proxy's address. Only addresses and folders are changed to those of this machine."""
    plain, secure = _free_port(), _free_port()
    site = (ROOT / "deploy/Caddyfile").read_text()
    for there, here in (("web:8000", application), ("/srv/media", str(configured.MEDIA_ROOT)), ("1100MB", "1MB")):
        assert there in site
        site = site.replace(there, here)
    options = f"{{\n\tadmin off\n\tskip_install_trust\n\thttp_port {plain}\n\thttps_port {secure}\n}}\n"
    file = tmp_path / "Caddyfile"
    file.write_text(options + site)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    command = [str(CADDY), "run", "--config", str(file), "--adapter", "caddyfile"]
    with (tmp_path / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment | {"SITE_HOST": "localhost", "SITE_TLS": "internal"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"https://localhost:{secure}"
    wait_until(lambda: _answers(address), what=f"the proxy; see {tmp_path / 'caddy.log'}")
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture
def prediction(case: Case, model: ModelVersion) -> Prediction:
    sha256 = file_store.put(drawn_png())
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    return PredictionFactory.create(analysis__image=image, analysis__model_version=model)


@pytest.fixture
def browser(owner: User) -> Iterator[requests.Session]:
    """The owner's browser, signed in."""
    with browser_of(owner) as session:
        yield session


def browser_of(person: User | None) -> requests.Session:
    client = Client()
    if person:
        client.force_login(person)
    session = requests.Session()
    session.verify = session.trust_env = False
    session.cookies.update({name: cookie.value for name, cookie in client.cookies.items()})
    return session


def test_it_sends_the_picture_that_the_application_names(
    proxy: str, prediction: Prediction, browser: requests.Session
) -> None:
    for kind in ("display", "mask", "outline", "map"):
        answer = browser.get(f"{proxy}/images/{prediction.analysis.image_id}/{kind}")
        sha256 = (
            prediction.analysis.image.display_sha256 if kind == "display" else getattr(prediction, f"{kind}_sha256")
        )
        assert (answer.status_code, answer.content) == (200, file_store.get(sha256))
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not {"X-Accel-Redirect", "Server"} & set(answer.headers)
        head = browser.head(f"{proxy}/images/{prediction.analysis.image_id}/{kind}")
        assert (head.status_code, head.content) == (200, b"")


def test_no_other_way_leads_to_a_file(proxy: str, prediction: Prediction, browser: requests.Session) -> None:
    name = file_store.name_of(prediction.mask_sha256)
    for path in (f"/{name}", f"/srv/media/{name}", f"/media/{name}", f"/static/../{name}"):
        answer = browser.get(f"{proxy}{path}", headers={"X-Accel-Redirect": f"/{name}"})
        assert answer.status_code == 404
    picture = f"{proxy}/images/{prediction.analysis.image_id}/mask"
    with browser_of(None) as nobody:
        answer = nobody.get(picture, headers={"X-Accel-Redirect": f"/{name}"}, allow_redirects=False)
        assert (answer.status_code, answer.content) == (302, b"")


def test_figures_are_for_those_inside(proxy: str, browser: requests.Session) -> None:
    assert browser.get(f"{proxy}/metrics").status_code == 404
    assert browser.get(f"{proxy}/metrics", headers={"Authorization": "Bearer anything"}).status_code == 404


def test_a_damaged_picture_is_not_sent(proxy: str, prediction: Prediction, browser: requests.Session) -> None:
    (Path(configured.MEDIA_ROOT) / file_store.name_of(prediction.mask_sha256)).write_bytes(b"something else")
    answer = browser.get(f"{proxy}/images/{prediction.analysis.image_id}/mask")
    assert (answer.status_code, answer.text) == (500, "The stored picture is damaged and is not shown.\n")


def test_what_the_proxy_itself_refuses_has_safe_headers(proxy: str, browser: requests.Session) -> None:
    answer = browser.post(f"{proxy}/sign-in/", data=b"x" * 2_000_000)
    assert answer.status_code in {413, 502}
    for name, value in {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }.items():
        assert answer.headers[name] == value
    assert "Server" not in answer.headers


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health/live", verify=False, timeout=2).status_code == 200  # noqa: S501
    except requests.RequestException:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
