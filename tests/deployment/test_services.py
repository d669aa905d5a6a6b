"""Each service of docker-compose.yml does what it is there for when its own command is run."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import redis
import requests

from tests.deployment.files import dockerfile
from tests.deployment.server import Server, prepared_server

PATIENCE = 120.0  # seconds: the first worker exports the models


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that was built, migrated and started."""
    with prepared_server(tmp_path_factory.mktemp("server")) as prepared:
        collect = next(step.rest for step in dockerfile() if "collectstatic" in step.rest)
        built = prepared.run("database", ["sh", "-c", collect])
        assert built.returncode == 0, built.stderr
        wait_for(lambda: answers(secret(prepared, "broker_url")), what="the broker")
        migrated = prepared.run("migrate", prepared.services["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        for service in ("web", "worker", "scheduler"):
            prepared.start(service)
        yield prepared


def wait_for(condition: Callable[[], bool], *, what: str) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


def answers(broker: str) -> bool:
    """Whether a broker is at this address. (Its own health check needs a program that the wheel does not bring.)"""
    try:
        with redis.Redis.from_url(broker) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def secret(server: Server, name: str) -> str:
    """What a secret's file says."""
    return (server.folder / "run/secrets" / name).read_text()


def test_static_files_are_in_the_image(server: Server) -> None:
    assert (server.folder / "application/collected/staticfiles.json").is_file()


def test_the_application_is_no_superuser_of_its_database(server: Server) -> None:
    database = psycopg2.connect(secret(server, "database_url"))
    with database, database.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT count(*) > 0 FROM diagnosis_modelversion WHERE state = 'active'")
        assert cursor.fetchone() == (True,)
    database.close()


def test_the_application_can_add_to_the_trail_and_change_nothing_of_it(server: Server) -> None:
    database = psycopg2.connect(secret(server, "database_url"))
    with database, database.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('clinic_auditevent', 'INSERT')")
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT has_table_privilege('clinic_auditevent', 'UPDATE, DELETE, TRUNCATE, TRIGGER')")
        assert cursor.fetchone() == (False,)
    database.close()


def test_web_and_worker_refuse_a_role_that_could_change_the_trail(server: Server) -> None:
    address = {"DATABASE_URL_FILE": str(server.folder / "run/secrets/migration_database_url")}
    web = server.run("web", ["python", "-c", "import clinic.wsgi"], **address)
    worker = server.run("worker", ["python", "-m", "celery", "--app", "clinic", "worker", "--pool", "solo"], **address)
    for refused in (web, worker):
        assert refused.returncode != 0
        assert "could change the audit trail" in refused.stderr


def test_the_broker_lets_nobody_in_without_its_password(server: Server) -> None:
    address = secret(server, "broker_url")
    with redis.Redis.from_url(address) as known:
        assert known.ping()
        assert known.config_get("save") == {"save": ""}
    stranger = f"redis://{address.rpartition('@')[2]}"
    with redis.Redis.from_url(stranger) as unknown, pytest.raises(redis.AuthenticationError):
        unknown.ping()


@pytest.mark.parametrize("service", ["web", "worker", "scheduler"])
def test_it_answers_its_health_check(server: Server, service: str) -> None:
    wait_for(lambda: server.is_healthy(service), what=f"{service}: {(server.folder / f'{service}.log').read_text()}")


@pytest.mark.parametrize("service", ["web", "worker", "scheduler"])
def test_its_health_check_tells_when_it_is_gone(server: Server, service: str) -> None:
    server.kill(service)
    assert not server.is_healthy(service)


def test_nothing_is_written_outside_the_volumes(server: Server) -> None:
    """The containers' file systems are read-only."""
    found = subprocess.run(
        ["find", ".", "-newer", "collected/staticfiles.json", "-type", "f", "-not", "-path", "*/__pycache__/*"],
        cwd=server.folder / "application",
        capture_output=True,
        text=True,
        check=True,
    )
    assert not found.stdout


def test_the_log_shows_no_secret(server: Server) -> None:
    logs = "".join(path.read_text() for path in Path(server.folder).glob("*.log"))
    secrets = [
        secret(server, name)
        for name in ("secret_key", "database_password", "application_password", "audit_signing_key")
    ]
    assert not [value for value in secrets if value in logs]


def test_cookies_are_bound_to_this_host_and_https(server: Server) -> None:
    address = f"http://127.0.0.1:{server.web_port}/sign-in/"
    host = {"Host": "reader.hospital.example"}
    if "web" not in server.started:  # an earlier test killed it
        server.start("web")
    wait_for(lambda: server.is_healthy("web"), what="web")
    plain = requests.get(address, headers=host, allow_redirects=False, timeout=30)
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://reader.hospital.example/sign-in/")
    secure = requests.get(address, headers=host | {"X-Forwarded-Proto": "https"}, timeout=30)
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    cookies = secure.raw.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")[1:])
        assert "Domain" not in cookie
