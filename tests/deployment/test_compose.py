"""docker-compose.yml agrees with itself, with the image and with the code."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.deployment.files import APPLICATION, ROOT, NotSetError, compose, dockerfile, image_environment

SERVER = compose(SITE_HOST="reader.hospital.example")
SERVICES: dict[str, dict[str, Any]] = SERVER["services"]


def mounts(service: str) -> list[tuple[str, str]]:
    """Source and target of each volume of `service`."""
    pairs = [str(volume).removesuffix(":ro").split(":") for volume in SERVICES[service].get("volumes", [])]
    return [(source, target) for source, target in pairs]


def test_it_brings_up_all_that_a_server_needs() -> None:
    assert set(SERVICES) == {"database", "broker", "migrate", "web", "worker", "scheduler", "backup", "proxy"}


def test_it_refuses_to_start_without_the_name_of_the_server() -> None:
    with pytest.raises(NotSetError, match="SITE_HOST"):
        compose()


def test_there_is_no_default_password() -> None:
    """Every secret is a file, which the engine misses when nobody has made it; none is in a variable."""
    for service in SERVICES.values():
        told = service.get("environment", {})
        assert not [name for name in told if re.search(r"SECRET|PASSWORD|_URL", name) and not name.endswith("_FILE")]
    assert all(set(secret) == {"file"} for secret in SERVER["secrets"].values())


def test_the_secrets_that_are_mounted_are_those_that_are_made(tmp_path: Path) -> None:
    made = tmp_path / "secrets"
    subprocess.run([sys.executable, str(ROOT / "deploy/make_secrets.py"), str(made)], check=True, capture_output=True)
    assert {path.name for path in made.iterdir()} == set(SERVER["secrets"])
    for service in SERVICES.values():
        wanted = re.findall(r"/run/secrets/(\w+)", str(service))
        assert set(wanted) <= set(service.get("secrets", []))


def test_secrets_are_never_made_twice(tmp_path: Path) -> None:
    made = tmp_path / "secrets"
    command = [sys.executable, str(ROOT / "deploy/make_secrets.py"), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    before = {path.name: path.read_text() for path in made.iterdir()}
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "stays as it is" in again.stdout
    assert {path.name: path.read_text() for path in made.iterdir()} == before
    assert len(set(before.values())) == len(before)


def test_secrets_are_never_committed_or_built_into_an_image() -> None:
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "!deploy\n" not in (ROOT / ".dockerignore").read_text()


@pytest.mark.parametrize("service", APPLICATION)
def test_the_settings_read_every_variable(service: str) -> None:
    source = "".join(path.read_text() for path in (ROOT / "clinic/settings").glob("*.py"))
    read = set(re.findall(r'environment\.\w+\(\s*"(\w+)"', source))
    of_python = {"TMPDIR", "PATH", "PYTHONUNBUFFERED", "DJANGO_SETTINGS_MODULE"}
    told = {*SERVICES[service]["environment"], *image_environment()}
    assert {name.removesuffix("_FILE") for name in told} - of_python <= read


@pytest.mark.parametrize("service", SERVICES)
def test_every_volume_is_declared_and_every_file_exists(service: str) -> None:
    for source, _ in mounts(service):
        assert (ROOT / source).is_file() if source.startswith("./") else source in SERVER["volumes"]


@pytest.mark.parametrize("service", APPLICATION)
def test_every_volume_is_mounted_where_the_image_made_a_folder_for_it(service: str) -> None:
    """A named volume takes owner and permissions from the image's folder; without one it would be root's."""
    made = next(step.rest for step in dockerfile() if "install --directory" in step.rest)
    assert all(target in made.split() for _, target in mounts(service))


def test_what_must_last_or_be_shared_is_on_volumes() -> None:
    environment = image_environment()
    for service in ("web", "worker"):
        assert ("media", environment["MEDIA_ROOT"]) in mounts(service)
    for service in ("migrate", "worker"):
        assert ("model-cache", environment["MODEL_CACHE"]) in mounts(service)
    assert ("incoming", SERVICES["web"]["environment"]["TMPDIR"]) in mounts("web")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_waits_for_services_that_can_be_waited_for(service: str) -> None:
    for other, how in SERVICES[service].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            has_its_own = "test" in SERVICES[other].get("healthcheck", {})
            assert has_its_own or (SERVICES[other].get("build") and any(s.word == "HEALTHCHECK" for s in dockerfile()))
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("service", ["web", "worker", "scheduler"])
def test_the_application_starts_after_the_migrations(service: str) -> None:
    assert SERVICES[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVER["networks"]["inside"] == {"internal": True}
    beside = {"proxy": ["inside", "outside"], "web": ["inside", "mail"], "worker": ["inside", "mail"]}
    assert all(service["networks"] == beside.get(name, ["inside"]) for name, service in SERVICES.items())


@pytest.mark.parametrize("service", APPLICATION)
def test_the_application_has_no_privileges(service: str) -> None:
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]


def test_the_proxy_passes_requests_to_the_web_process_and_no_larger_ones() -> None:
    caddy = (ROOT / "deploy/Caddyfile").read_text()
    web = next(step.rest for step in reversed(dockerfile()) if step.word == "CMD")
    port = re.search(r'"0\.0\.0\.0:(\d+)"', web)
    assert port
    assert f"reverse_proxy web:{port[1]}" in caddy
    limit = re.search(r"max_size (\d+)MB", caddy)
    assert limit
    assert int(limit[1]) * 1_000_000 >= settings.UPLOAD_MAX_REQUEST_BYTES
    assert set(re.findall(r"\{\$(\w+)\}", caddy)) == set(SERVICES["proxy"]["environment"])


def test_a_worker_may_finish_what_it_is_at() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "3m"
    assert settings.CELERY_TASK_TIME_LIMIT <= 180
