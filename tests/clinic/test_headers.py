"""What every answer says about itself, whoever asks, whatever comes out."""

from collections.abc import Callable
from contextlib import closing

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from clinic.models import User
from diagnosis.models import Case, ModelVersion, Prediction
from diagnosis.services import file_store
from tests.addresses import every_address, things_of
from tests.factories import PASSWORD, ImageFactory, PredictionFactory, drawn_png, upload

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
MADE_UP = (
    "/nowhere",
    "/patients/1/",
    "/cases/../../etc/passwd",
    "/%00",
    "/static/nothing.js",
    "/api/v1/nothing/",
    "/media/sha256/ab/cd/abcd",
    "//elsewhere.example/",
)


@pytest.fixture
def prediction(case: Case, model: ModelVersion) -> Prediction:
    sha256 = file_store.put(drawn_png())
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    return PredictionFactory.create(analysis__image=image, analysis__model_version=model)


def wrong_with(response: HttpResponseBase) -> list[str]:
    """Which headers of an answer are missing or weak."""
    headers = response.headers
    wrong = [name for name, value in FIXED.items() if headers.get(name) != value]
    if "camera=()" not in headers.get("Permissions-Policy", ""):
        wrong.append("Permissions-Policy")
    if headers.get("Cache-Control") != "no-store":
        wrong.append("Cache-Control")
    policy = headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy or "*" in policy or "http" in policy:
        wrong.append("Content-Security-Policy")
    if "sandbox" not in policy and "frame-ancestors 'none'" not in policy:
        wrong.append("frame-ancestors")
    if "Access-Control-Allow-Origin" in headers:
        wrong.append("Access-Control-Allow-Origin")
    return wrong


@pytest.mark.parametrize(
    ("who", "method"),
    [
        *((who, method) for who in ("anonymous", "owner", "administrator") for method in ("GET", "POST")),
        *(("owner", method) for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")),
    ],
)
def test_every_answer_of_every_address_has_them(
    web: Callable[[str], Client], prediction: Prediction, who: str, method: str
) -> None:
    addresses = [address.path for address in every_address(things_of(prediction))]
    assert len(addresses) > 30
    wrong = {}
    for path in [*addresses, *MADE_UP]:
        client = web(who)  # signing out must not spoil the rest
        client.raise_request_exception = False
        response = client.generic(method, path)
        if found := wrong_with(response):
            wrong[path] = (response.status_code, found)
    assert wrong == {}


@pytest.mark.parametrize("who", ["owner", "anonymous"])
def test_so_has_every_answer_to_a_program(api: Callable[[str], Client], prediction: Prediction, who: str) -> None:
    client = api(who)
    addresses = [address.path for address in every_address(things_of(prediction)) if "/api/" in address.path]
    answers = {path: client.get(path) for path in addresses}
    assert {path: found for path, answer in answers.items() if (found := wrong_with(answer))} == {}


class Broken(Exception):
    """An error inside a view."""


@pytest.mark.parametrize("path", ["/patients/", "/api/v1/patients/"])
def test_an_error_of_our_own_has_them(owner_client: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Broken

    monkeypatch.setattr("clinic.models.Patient.objects.visible_to", fail)
    owner_client.raise_request_exception = False
    response = owner_client.get(path)
    assert (response.status_code, wrong_with(response)) == (500, [])


def broken_middleware(_: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that fails before any view is reached."""

    def middleware(request: HttpRequest) -> HttpResponse:
        raise Broken

    return middleware


def test_an_error_in_a_middleware_has_them(client: Client, settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:2], "tests.clinic.test_headers.broken_middleware"]
    client.raise_request_exception = False
    response = client.get("/")
    assert (response.status_code, wrong_with(response)) == (500, [])


def test_a_forged_request_is_refused_with_them(owner: User, case: Case) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    for path in ("/account/", "/sign-out/", f"/cases/{case.pk}/images/"):
        response = client.post(path, {"note": "forged"})
        assert (response.status_code, wrong_with(response)) == (403, [])


def test_a_host_that_is_not_ours_is_refused_with_them(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/", headers={"Host": "elsewhere.example"})
    assert (response.status_code, wrong_with(response)) == (400, [])


def test_too_large_a_request_is_refused_with_them(
    owner_client: Client, case: Case, model: ModelVersion, settings: Settings
) -> None:
    settings.UPLOAD_MAX_REQUEST_BYTES = 1024
    response = owner_client.post(f"/cases/{case.pk}/images/", {"images": upload()})
    assert (response.status_code, wrong_with(response)) == (413, [])


def test_static_files_may_be_kept_but_not_guessed_at(client: Client, db: None) -> None:
    with closing(client.get("/static/js/theme.js")) as response:
        assert response.status_code == 200
        assert wrong_with(response) == ["Cache-Control"]
        assert "max-age" in response.headers["Cache-Control"]


def test_https_is_demanded_for_a_year_over_https(client: Client, db: None, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    demand = "max-age=31536000; includeSubDomains"
    for path in ("/sign-in/", "/static/js/theme.js", "/api/v1/nothing/", "/nowhere"):
        with closing(client.get(path, secure=True)) as secure, closing(client.get(path)) as plain:
            assert secure.headers["Strict-Transport-Security"] == demand
            assert "Strict-Transport-Security" not in plain.headers
    response = client.get("/", headers={"Host": "elsewhere.example"}, secure=True)
    assert response.headers["Strict-Transport-Security"] == demand


def test_a_nonce_is_never_used_twice(client: Client) -> None:
    policies = {client.get("/sign-in/").headers["Content-Security-Policy"] for _ in range(5)}
    assert all("'unsafe" not in policy for policy in policies)
    assert len(policies) == 5 or not any("nonce" in policy for policy in policies)


def test_no_cookie_can_be_read_by_a_script_or_sent_from_elsewhere(client: Client, owner: User) -> None:
    client.get("/sign-in/")
    client.post("/sign-in/", {"username": owner.email, "login": owner.email, "password": PASSWORD})
    assert client.cookies
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
