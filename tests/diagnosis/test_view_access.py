"""Who gets to see what: every page about a patient, for everybody."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from clinic.models import AuditEvent
from diagnosis.models import Case, ModelVersion, Prediction
from diagnosis.services import file_store
from tests.factories import ImageFactory, PredictionFactory, drawn_png

PAGES = (
    "/patients/{patient}/",
    "/patients/{patient}/cases/new/",
    "/cases/{case}/",
    "/cases/{case}/images/",
    "/images/{image}/",
    "/images/{image}/display",
    "/images/{image}/thumbnail",
    "/images/{image}/mask",
    "/images/{image}/outline",
    "/images/{image}/map",
)
FORMS = ("/patients/{patient}/cases/new/", "/cases/{case}/images/", "/analyses/{analysis}/retry/")
Address = Callable[[str], str]


@pytest.fixture
def prediction(case: Case, model: ModelVersion) -> Prediction:
    sha256 = file_store.put(drawn_png())
    image = ImageFactory.create(case=case, display_sha256=sha256, thumbnail_sha256=sha256)
    return PredictionFactory.create(analysis__image=image, analysis__model_version=model)


@pytest.fixture
def real(prediction: Prediction) -> Address:
    """The address of a thing that is there."""
    analysis = prediction.analysis
    case = analysis.image.case
    return lambda page: page.format(
        patient=case.patient_id, case=case.pk, image=analysis.image_id, analysis=analysis.pk
    )


def missing(page: str) -> str:
    """The address of a thing that never was."""
    nothing = uuid.uuid4()
    return page.format(patient=nothing, case=nothing, image=nothing, analysis=nothing)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["owner", "colleague"])
def test_the_care_team_sees_it(web: Callable[[str], Client], real: Address, page: str, who: str) -> None:
    assert web(who).get(real(page)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
def test_for_others_it_is_byte_for_byte_as_if_it_were_not_there(
    web: Callable[[str], Client], real: Address, page: str, who: str
) -> None:
    client = web(who)
    hidden, absent = client.get(real(page)), client.get(missing(page))
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content == absent.content
    assert sorted(set(hidden.headers) ^ set(absent.headers)) == []


@pytest.mark.parametrize("page", FORMS)
@pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
def test_others_change_nothing_and_learn_nothing(
    web: Callable[[str], Client], real: Address, page: str, who: str
) -> None:
    client = web(who)
    before = AuditEvent.objects.count()
    hidden, absent = client.post(real(page)), client.post(missing(page))
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content == absent.content
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("page", [*PAGES, *FORMS])
def test_whoever_has_not_signed_in_is_sent_to_the_sign_in(client: Client, real: Address, page: str) -> None:
    for address in (real(page), missing(page)):
        response = client.post(address) if page in FORMS else client.get(address)
        assert response["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize(
    ("page", "action"),
    [
        ("/patients/{patient}/", "patient.viewed"),
        ("/cases/{case}/", "case.viewed"),
        ("/images/{image}/", "image.viewed"),
    ],
)
def test_reading_is_audited(
    web: Callable[[str], Client], real: Address, prediction: Prediction, page: str, action: str
) -> None:
    client = web("colleague")
    client.get(real(page))
    event = AuditEvent.objects.get(action=action)
    assert event.patient_id == prediction.analysis.image.case.patient_id
    assert event.actor is not None
    assert event.actor.full_name == "Colin Colleague"


@pytest.mark.parametrize("page", ["/cases/{case}/images/", "/images/{image}/state/", "/images/{image}/thumbnail"])
def test_what_belongs_to_a_page_already_recorded_writes_nothing(owner_client: Client, real: Address, page: str) -> None:
    for recorded in ("/cases/{case}/", "/images/{image}/"):
        owner_client.get(real(recorded))
    before = AuditEvent.objects.count()
    owner_client.get(real(page))
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    "page", ["/patients/{patient}/", "/cases/{case}/", "/images/{image}/", "/cases/{case}/images/"]
)
def test_no_copy_is_kept_by_browser_or_proxy(owner_client: Client, real: Address, page: str) -> None:
    assert "no-store" in owner_client.get(real(page))["Cache-Control"]


@pytest.mark.parametrize("page", ["/patients/{patient}/", "/cases/{case}/", "/images/{image}/"])
def test_two_identifiers_stand_on_the_page_and_none_in_its_title(
    owner_client: Client, real: Address, prediction: Prediction, page: str
) -> None:
    patient = prediction.analysis.image.case.patient
    html = owner_client.get(real(page)).content.decode()
    title = html[html.index("<title>") : html.index("</title>")]
    for identifier in (patient.family_name, patient.record_number):
        assert identifier in html
        assert identifier not in title


def test_a_malformed_id_leads_nowhere(owner_client: Client) -> None:
    for address in ("/cases/1/", "/images/../../etc/passwd", "/patients/%00/", "/analyses/x/retry/"):
        assert owner_client.get(address).status_code == 404
