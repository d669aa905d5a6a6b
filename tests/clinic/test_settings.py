"""Settings fail loudly: a production server that is not safe does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOUND = {
    "DJANGO_SETTINGS_MODULE": "clinic.settings.production",
    "SECRET_KEY": "sound-key-" + "".join(chr(97 + number % 26) for number in range(60)),
    "ALLOWED_HOSTS": "lab.example",
    "DATABASE_URL": "postgres://second_read:wJ3xq8-Lm20vTz@db/second_read",
    "BROKER_URL": "redis://broker/0",
}


PROGRAMS = Path(sys.executable).parent
COMMANDS = {
    "manage.py": (sys.executable, "manage.py", "check"),
    "gunicorn": (str(PROGRAMS / "gunicorn"), "clinic.wsgi", "--bind", "127.0.0.1:0", "--workers", "2"),
    "worker": (str(PROGRAMS / "celery"), "--app", "clinic", "worker"),
    "scheduler": (str(PROGRAMS / "celery"), "--app", "clinic", "beat", "--pidfile="),
    "a script": (sys.executable, "-c", "import django; django.setup()"),
}
WEAK = {
    "SECRET_KEY": "changeme",
    "DEBUG": "true",
    "ALLOWED_HOSTS": "*",
    "DATABASE_URL": "postgres://postgres:postgres@db/second_read",
    "SESSION_COOKIE_SECURE": "false",
}


def start(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**SOUND, **changes}.items() if value}
    return subprocess.run(
        command or COMMANDS["a script"],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_sound_settings_start() -> None:
    assert start().returncode == 0


@pytest.mark.parametrize(("pooler", "off"), [("", "False"), ("true", "True")])
def test_behind_a_pooler_no_cursor_outlives_its_transaction(pooler: str, off: str) -> None:
    tell = "from django.conf import settings; print(settings.DATABASES['default']['DISABLE_SERVER_SIDE_CURSORS'])"
    assert start(sys.executable, "-c", tell, DATABASE_POOLER=pooler).stdout.strip() == off


def test_only_an_assay_that_there_is_has_a_queue_of_its_own() -> None:
    assert start(ANALYSIS_OWN_QUEUES="leukemia").returncode == 0
    assert "ANALYSIS_OWN_QUEUES holds what there is not: lung" in start(ANALYSIS_OWN_QUEUES="leukemia,lung").stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "0123456789ab" * 6}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "django-insecure-" + SOUND["SECRET_KEY"]}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names a file that cannot be read"),
        ({"DEBUG": "true"}, "DEBUG must not be set"),
        ({"DEBUG": "perhaps"}, "DEBUG must be true or false"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "lab.example,*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": ".lab.example"}, "ALLOWED_HOSTS must name the hosts"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL must be a postgres:// address"),
        ({"DATABASE_URL": "postgres://reader@db/reader"}, "DATABASE_URL has no password"),
        ({"DATABASE_URL": "postgres://postgres:postgres@db/reader"}, "DATABASE_URL has a weak or well-known password"),
        ({"DATABASE_URL": "postgres://reader:second_read1234@db/reader"}, "DATABASE_URL has a weak or well-known"),
        ({"DATABASE_URL": "postgres://a-long-name:a-long-name@db/reader"}, "DATABASE_URL has a weak or well-known"),
        ({"DATABASE_URL": "postgres://reader:short@db/reader"}, "DATABASE_URL has a weak or well-known password"),
        ({"MIGRATION_DATABASE_URL": "postgres://owner:password@db/reader"}, "MIGRATION_DATABASE_URL has a weak"),
        ({"AUDIT_SIGNING_KEY": "short"}, "AUDIT_SIGNING_KEY is too weak"),
        ({"AUDIT_SIGNING_KEY": SOUND["SECRET_KEY"]}, "AUDIT_SIGNING_KEY must not be the SECRET_KEY"),
        ({"BROKER_URL": ""}, "BROKER_URL is not set"),
        ({"ANALYSIS_BATCH_SIZE": "many"}, "ANALYSIS_BATCH_SIZE must be a whole number"),
        ({"FILE_DELIVERY": "pigeon"}, "FILE_DELIVERY must be one of: direct, x-accel"),
        ({"SESSION_COOKIE_SECURE": "false"}, "SESSION_COOKIE_SECURE must be true"),
        ({"CSRF_COOKIE_SECURE": "false"}, "CSRF_COOKIE_SECURE must be true"),
        ({"SECURE_SSL_REDIRECT": "false"}, "SECURE_SSL_REDIRECT must be true"),
    ],
    ids=lambda value: (
        " ".join(f"{name}={text}"[:30] for name, text in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_production_refuses_to_start_and_says_why_in_one_line(changes: dict[str, str], sentence: str) -> None:
    refused = start(**changes)
    assert refused.returncode != 0
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stderr.startswith(f"Not started: {sentence}")
    assert not [value for value in changes.values() if len(value) > 8 and value in refused.stderr]


@pytest.mark.parametrize("program", COMMANDS)
def test_every_program_lists_all_that_is_wrong_once_and_ends(program: str) -> None:
    refused = start(*COMMANDS[program], **WEAK)
    said = (refused.stdout + refused.stderr).splitlines()
    for name in WEAK:
        assert sum(line.startswith(f"Not started: {name} ") for line in said) == 1, said
    assert not [line for line in said if "Traceback" in line or "File " in line]
    assert refused.returncode != 0


@pytest.mark.parametrize("program", COMMANDS)
@pytest.mark.parametrize("weakness", ["SESSION_COOKIE_SECURE = False", 'SECRET_KEY = "changeme"', "DEBUG = True"])
def test_settings_built_on_productions_are_no_weaker(tmp_path: Path, program: str, weakness: str) -> None:
    (tmp_path / "our_site.py").write_text(f"from clinic.settings.production import *\n{weakness}\n")
    refused = start(*COMMANDS[program], DJANGO_SETTINGS_MODULE="our_site", PYTHONPATH=str(tmp_path))
    assert f"Not started: {weakness.split(maxsplit=1)[0]} " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.returncode != 0


def test_a_role_that_the_system_lets_in_needs_no_password() -> None:
    assert start(DATABASE_URL="postgres:///reader?host=/run/postgresql").returncode == 0


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(SOUND["SECRET_KEY"] + "\n")
    assert start(SECRET_KEY="", SECRET_KEY_FILE=str(secret)).returncode == 0


def test_the_web_application_never_loads_the_training_library() -> None:
    """TensorFlow takes over a gigabyte and must not be touched before a worker forks."""
    script = (
        "import sys, clinic.wsgi\n"
        "from django.urls import get_resolver\n"
        "assert get_resolver().url_patterns\n"
        "print([name for name in ('tensorflow', 'keras', 'openvino') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], **SOUND},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
