"""The API's schema."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

COMMITTED = Path(__file__).resolve().parents[2] / "schema.yml"


def test_the_committed_schema_is_the_one_the_code_gives(tmp_path: Path) -> None:
    """Out of date? `manage.py spectacular --file schema.yml` writes it again."""
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").read_text() == COMMITTED.read_text()


@pytest.mark.django_db
def test_the_schema_and_its_page_need_nothing_from_elsewhere() -> None:
    assert "openapi: 3.1" in Client().get("/api/v1/schema/").content.decode()
    page = Client().get("/api/v1/docs/").content.decode() + Client().get("/api/v1/docs/?script=").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/" in page
    assert "https://" not in page
    assert "cdn" not in page
