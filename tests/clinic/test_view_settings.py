"""Settings with their meaning: each is explained once, for page and documentation alike, and no secret is shown."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from clinic.selectors.settings_now import documented, settings_now
from clinic.settings import environment
from clinic.settings.environment import Origin
from clinic.settings.meaning import GROUPS

ROOT = Path(__file__).resolve().parent.parent.parent
READER = re.compile(r'environment\.\w+\(\s*f?"([A-Z][A-Z0-9_]+)"')
# These say which settings there are, and where programs are; they are no settings.
NOT_SETTINGS = {"PORT"}

Web = Callable[[str], Client]


def test_every_setting_that_is_read_has_a_meaning() -> None:
    sources = [path.read_text() for path in (ROOT / "clinic/settings").glob("*.py")]
    read = {name for source in sources for name in READER.findall(source)}
    explained = [one.name for group in GROUPS for one in group.meanings]
    assert len(explained) == len(set(explained))
    assert set(explained) == (read | {"DEBUG", "MIGRATION_DATABASE_URL"}) - NOT_SETTINGS


def test_the_documentation_has_the_same_table() -> None:
    assert documented() in (ROOT / "docs/architecture.md").read_text(), "manage.py settings_table writes it anew"


def test_administrators_see_each_with_its_value_and_its_origin(web: Web) -> None:
    text = web("administrator").get("/settings/").content.decode()
    for group in GROUPS:
        for one in group.meanings:
            assert f"<code>{one.name}</code>" in text
    assert "How many images a worker takes at once." in text


def test_no_secret_is_on_it(web: Web) -> None:
    text = web("administrator").get("/settings/").content.decode()
    secrets = [one.name for group in GROUPS for one in group.meanings if one.secret]
    assert {"DATABASE_URL", "BROKER_URL", "SECRET_KEY", "EMAIL_PASSWORD", "METRICS_TOKEN", "SENTRY_DSN"} < set(secrets)
    values = [environment.READ[name].value for name in secrets if name in environment.READ]
    assert any(values)
    assert not [value for value in values if value and value in text]
    assert "set, and not shown" in text


def test_what_sounds_secret_is_secret() -> None:
    telling = re.compile("(PASSWORD|TOKEN|_KEY|_URL|_DSN)$")
    assert all(one.secret for group in GROUPS for one in group.meanings if telling.search(one.name))


def test_it_tells_where_a_value_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "level").write_text("DEBUG\n")
    monkeypatch.setattr(environment, "READ", {})
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    monkeypatch.setenv("LOG_LEVEL_FILE", str(tmp_path / "level"))
    monkeypatch.setenv("EMAIL_PORT", "25")
    environment.text("LOG_LEVEL", "INFO")
    environment.integer("EMAIL_PORT", 587)
    environment.text("TIME_ZONE", "UTC")
    now = {one.meaning.name: one for _, settings in settings_now() for one in settings}
    assert (now["LOG_LEVEL"].value, now["LOG_LEVEL"].origin) == ("DEBUG", Origin.FILE)
    assert (now["EMAIL_PORT"].value, now["EMAIL_PORT"].origin) == ("25", Origin.ENVIRONMENT)
    assert (now["TIME_ZONE"].value, now["TIME_ZONE"].origin) == ("UTC", Origin.DEFAULT)
    assert now["S3_BUCKET"].origin == Origin.UNREAD


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_nobody_else_sees_them(web: Web, who: str) -> None:
    assert web(who).get("/settings/").status_code == 403
