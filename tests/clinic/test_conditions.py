"""`ETag`, `If-None-Match` and `If-Match`."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from clinic.models import Patient, User
from diagnosis.models import AnalysisState, AssayPolicy, Case, ModelVersion
from diagnosis.services import file_store
from diagnosis.services.cases import set_urgency
from tests.at_once import at_once
from tests.factories import AnalysisFactory, ImageFactory, PredictionFactory, drawn_png

Api = Callable[[str], Any]
STALE = '"0123456789abcdef0123456789abcdef"'


def address_of(case: Case) -> str:
    return f"/api/v1/cases/{case.pk}/"


def test_one_thing_has_a_tag_that_stays_while_it_does(case: Case, api: Api) -> None:
    first, second = (api("owner").get(address_of(case)) for _ in range(2))
    assert first["ETag"] == second["ETag"]
    assert first["Cache-Control"] == "no-store"


def test_whoever_has_it_is_told_so_without_a_body(case: Case, api: Api) -> None:
    client = api("owner")
    tag = client.get(address_of(case))["ETag"]
    for known in (tag, f"W/{tag}", f"{STALE}, {tag}", "*"):
        answer = client.get(address_of(case), HTTP_IF_NONE_MATCH=known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert answer["Cache-Control"] == "no-store"
    assert client.get(address_of(case), HTTP_IF_NONE_MATCH=STALE).status_code == 200


def test_a_stranger_is_not_told_whether_it_changed(case: Case, stranger: User, api: Api) -> None:
    tag = api("owner").get(address_of(case))["ETag"]
    assert api("stranger").get(address_of(case), HTTP_IF_NONE_MATCH=tag).status_code == 404
    assert api("stranger").patch(address_of(case), {"urgency": "urgent"}, HTTP_IF_MATCH=STALE).status_code == 404


def test_a_change_changes_the_tag_and_tells_the_new_one(case: Case, api: Api) -> None:
    client = api("owner")
    before = client.get(address_of(case))["ETag"]
    changed = client.patch(address_of(case), {"urgency": "urgent"}, HTTP_IF_MATCH=before)
    assert changed.status_code == 200
    assert before != changed["ETag"] == client.get(address_of(case))["ETag"]


def test_whoever_has_not_seen_the_last_change_changes_nothing(case: Case, owner: User, api: Api) -> None:
    client = api("owner")
    before = client.get(address_of(case))["ETag"]
    set_urgency(case=case, urgency="emergency", set_by=owner)
    answer = client.patch(address_of(case), {"urgency": "routine"}, HTTP_IF_MATCH=before)
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert answer["Content-Type"] == "application/problem+json"
    case.refresh_from_db()
    assert case.urgency == "emergency"


@pytest.mark.parametrize("tags", ["nonsense", "", 'W/"x"', STALE])
def test_what_is_no_tag_of_it_matches_nothing(case: Case, api: Api, tags: str) -> None:
    assert api("owner").patch(address_of(case), {"urgency": "urgent"}, HTTP_IF_MATCH=tags).status_code == 412


def test_a_star_stands_for_whatever_there_is(case: Case, api: Api) -> None:
    assert api("owner").patch(address_of(case), {"urgency": "urgent"}, HTTP_IF_MATCH="*").status_code == 200


def test_changes_by_post_look_at_it_too(case: Case, api: Api) -> None:
    image = ImageFactory.create(case=case)
    failed = AnalysisFactory.create(
        image=image, state=AnalysisState.FAILED, failure_code="x", failure_message="X.", finished_at=case.created_at
    )
    patient = case.patient_id
    for path, body in _posts(image.pk, failed.pk, patient).items():
        answer = api("owner").post(path, body, HTTP_IF_MATCH=STALE)
        assert answer.status_code == 412, path
    image.refresh_from_db()
    assert image.withdrawn_at is None


def _posts(image: object, analysis: object, patient: object) -> Mapping[str, Mapping[str, str]]:
    return {
        f"/api/v1/images/{image}/withdraw/": {"reason": "other"},
        f"/api/v1/analyses/{analysis}/retry/": {},
        f"/api/v1/patients/{patient}/care-team/leave/": {},
    }


def test_the_tag_is_that_of_the_thing_the_address_hangs_on(case: Case, api: Api) -> None:
    image = ImageFactory.create(case=case)
    client = api("owner")
    tag = client.get(f"/api/v1/images/{image.pk}/")["ETag"]
    answer = client.post(f"/api/v1/images/{image.pk}/withdraw/", {"reason": "other"}, HTTP_IF_MATCH=tag)
    assert answer.status_code == 200
    assert answer["ETag"] == client.get(f"/api/v1/images/{image.pk}/")["ETag"] != tag


def test_an_answer_that_got_lost_is_given_again_although_the_thing_has_changed_by_it(case: Case, api: Api) -> None:
    client = api("owner")
    image = ImageFactory.create(case=case)
    address = f"/api/v1/images/{image.pk}/withdraw/"
    headers = {
        "HTTP_IF_MATCH": client.get(f"/api/v1/images/{image.pk}/")["ETag"],
        "HTTP_IDEMPOTENCY_KEY": "first",
    }
    answers = [client.post(address, {"reason": "other"}, **headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_withholding_changes_the_tag(case: Case, api: Api, model: ModelVersion, administrator: User) -> None:
    """It is a digest of what this person is shown: the same row is another thing when less of it is."""
    prediction = PredictionFactory.create(analysis__image__case=case, analysis__model_version=model)
    address = f"/api/v1/analyses/{prediction.analysis_id}/"
    before = api("owner").get(address)
    AssayPolicy.objects.update_or_create(
        assay=case.assay, defaults={"blinded_first_read": True, "changed_by": administrator}
    )
    after = api("owner").get(address, HTTP_IF_NONE_MATCH=before["ETag"])
    assert after.status_code == 200
    assert after.json()["withheld"]


def test_a_picture_that_the_caller_has_is_not_sent_again(patient: Patient, api: Api) -> None:
    picture = file_store.put(drawn_png())
    image = ImageFactory.create(case__patient=patient, display_sha256=picture)
    address = f"/api/v1/images/{image.pk}/files/display/"
    first = api("owner").get(address)
    again = api("owner").get(address, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", "no-store")


@pytest.mark.django_db(transaction=True)
def test_of_several_who_saw_the_same_one_changes_it(case: Case, api: Api) -> None:
    clients = [api("owner") for _ in range(6)]
    tag = clients[0].get(address_of(case))["ETag"]
    changes = [
        lambda client=client, urgency=urgency: client.patch(address_of(case), {"urgency": urgency}, HTTP_IF_MATCH=tag)
        for client, urgency in zip(clients, ["urgent", "emergency"] * 3, strict=True)
    ]
    assert sorted(answer.status_code for answer in at_once(*changes)) == [200] + [412] * 5


def test_a_thing_that_is_no_row_of_its_own_is_compared_too(administrator: User, api: Api) -> None:
    address = "/api/v1/assays/leukemia/"
    client = api("administrator")
    tag = client.get(address)["ETag"]
    answers = [client.patch(address, {"blinded_first_read": True}, HTTP_IF_MATCH=tag) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 412]


def test_a_decision_about_a_model_is_for_the_model_as_it_was_seen(
    administrator: User, model: ModelVersion, api: Api
) -> None:
    address = f"/api/v1/models/{model.pk}/decisions/"
    body = {"decision": "stop", "why": "other", "reason": "It reads the new stain wrongly."}
    assert api("administrator").post(address, body, HTTP_IF_MATCH=STALE).status_code == 412
    tag = api("administrator").get(f"/api/v1/models/{model.pk}/")["ETag"]
    assert api("administrator").post(address, body, HTTP_IF_MATCH=tag).status_code == 200


def test_a_list_below_a_thing_is_a_list(administrator: User, model: ModelVersion, api: Api) -> None:
    answer = api("administrator").get(f"/api/v1/models/{model.pk}/changes/?page_size=1")
    assert answer.status_code == 200
    assert "ETag" not in answer
