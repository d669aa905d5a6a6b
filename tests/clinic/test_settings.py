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
    "DATABASE_URL": "postgres://second_read:word@db/second_read",
    "BROKER_URL": "redis://broker/0",
}


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**SOUND, **changes}.items() if value}
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_sound_settings_start() -> None:
    assert start().returncode == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is too weak"),
        ({"DEBUG": "true"}, "DEBUG must not be set"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL must be a postgres:// address"),
        ({"BROKER_URL": ""}, "BROKER_URL is not set"),
        ({"ANALYSIS_BATCH_SIZE": "many"}, "ANALYSIS_BATCH_SIZE must be a whole number"),
    ],
    ids=lambda value: (
        " ".join(f"{name}={text}"[:30] for name, text in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_production_refuses_to_start_and_says_why(changes: dict[str, str], sentence: str) -> None:
    refused = start(**changes)
    assert refused.returncode != 0
    assert sentence in refused.stderr.splitlines()[-1]


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
