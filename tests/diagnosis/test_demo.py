"""The demo: only in an empty database, with passwords nobody else can read."""

from pathlib import Path

from django.conf import settings
from django.test import Client

from clinic.models import PEOPLES_ROLES, Patient, User
from diagnosis.models import Analysis, ModelVersion
from diagnosis.services.demo import PATIENTS, images_of, seed_demo
from mlcore.assays import ASSAYS
from mlcore.outcomes import Verdict
from mlcore.predictor import Predictor
from tests.conftest import BUNDLES
from tests.factories import ModelVersionFactory


def test_it_fills_an_empty_database_with_waiting_images(model: ModelVersion, tmp_path: Path) -> None:
    ModelVersionFactory.create(assay="breast")
    assert seed_demo(accounts_file=tmp_path / "accounts.txt")
    assert Analysis.objects.filter(state="queued").count() == 16
    assert {user.role for user in User.objects.all()} == set(PEOPLES_ROLES)
    assert Patient.objects.visible_to(User.objects.get(full_name="Dr. Tomas Okafor")).count() == 3


def test_it_shows_every_class_and_every_verdict(tmp_path: Path) -> None:
    outcomes = []
    for slug in ASSAYS:
        reader = Predictor.load(BUNDLES / f"{slug}.bundle", cache=settings.MODEL_CACHE)
        cases = [case for *_, cases in PATIENTS for case in cases if case.assay == slug]
        outcomes += [(slug, o) for case in cases for o in reader.predict([image for _, image in images_of(case)])]

    assert {outcome.verdict for _, outcome in outcomes} == set(Verdict)
    suggested = {(slug, outcome.label) for slug, outcome in outcomes if outcome.label}
    assert suggested == {(slug, label) for slug, assay in ASSAYS.items() for label in assay.classes}


def test_its_passwords_sign_in_and_are_private(model: ModelVersion, tmp_path: Path) -> None:
    ModelVersionFactory.create(assay="breast")
    accounts = tmp_path / "accounts.txt"
    seed_demo(accounts_file=accounts)
    assert accounts.stat().st_mode & 0o777 == 0o600
    for line in accounts.read_text().splitlines():
        _, email, password = line.split()
        assert Client().login(username=email, password=password)


def test_it_leaves_a_database_with_people_alone(owner: User, tmp_path: Path) -> None:
    assert not seed_demo(accounts_file=tmp_path / "accounts.txt")
    assert not (tmp_path / "accounts.txt").exists()
    assert not Patient.objects.exists()
