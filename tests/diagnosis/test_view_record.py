"""The pages about a record as a whole: hold, merge, erase; each asks first, and says in a sentence what cannot be."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from clinic.models import (
    EmergencyAccess,
    Erasure,
    ErasureReason,
    ErasureState,
    HoldKind,
    Merging,
    Patient,
    RecordHold,
    User,
)
from clinic.services.holds import place_hold
from diagnosis.models import Case
from diagnosis.services.erasure import request_erasure
from diagnosis.services.merging import merge_records
from tests.factories import PatientFactory, add_to_care_team

Web = Callable[[str], Client]
ASKED = {"reason": "asked by letter"}


@pytest.fixture
def twin(owner: User) -> Patient:
    twin = PatientFactory.create(created_by=owner, family_name="Twin", record_number="T-2")
    add_to_care_team(twin, owner)
    return twin


@pytest.fixture
def merging(patient: Patient, twin: Patient, owner: User) -> Merging:
    return merge_records(kept=patient, merged=twin, merged_by=owner)


@pytest.fixture
def erasure(patient: Patient, owner: User) -> Erasure:
    return request_erasure(patient=patient, reason=ErasureReason.BY_MISTAKE, requested_by=owner)


def at(patient: Patient, rest: str = "record/") -> str:
    return f"/patients/{patient.pk}/{rest}"


def test_the_record_page_leads_to_everything(owner_client: Client, patient: Patient, case: Case) -> None:
    page = owner_client.get(at(patient)).content.decode()
    for rest in ("export/", "holds/restriction/", "holds/legal_hold/", "merge/", "erasure/"):
        assert f'href="{at(patient, rest)}"' in page
    assert "must be kept until" in page


def test_a_restriction_is_placed_shown_everywhere_and_lifted(
    owner_client: Client, patient: Patient, case: Case
) -> None:
    address = at(patient, "holds/restriction/")
    assert owner_client.post(address, ASKED)["Location"] == at(patient)
    hold = RecordHold.objects.get()
    for page in (at(patient, ""), at(patient), f"/cases/{case.pk}/"):
        assert "Restricted record" in owner_client.get(page).content.decode()
    assert "asked by letter" in owner_client.get(address).content.decode()
    assert 'id="drop-zone"' not in owner_client.get(f"/cases/{case.pk}/").content.decode()
    assert "cases/new" not in owner_client.get(at(patient, "")).content.decode()
    assert "Restricted" in owner_client.get("/patients/").content.decode()
    owner_client.post(address, {"reason": "withdrawn", "hold": hold.pk})
    assert "Restricted record" not in owner_client.get(at(patient, "")).content.decode()
    assert "withdrawn" in owner_client.get(at(patient)).content.decode()


def test_a_second_click_does_not_undo_the_first(owner_client: Client, patient: Patient) -> None:
    address = at(patient, "holds/legal_hold/")
    owner_client.post(address, ASKED)
    again = owner_client.post(address, ASKED)
    assert again.status_code == 400
    assert "under a legal hold already" in again.content.decode()
    hold = RecordHold.objects.get()
    lift = {"reason": "over", "hold": hold.pk}
    assert owner_client.post(address, lift).status_code == 302
    twice = owner_client.post(address, lift)
    assert twice.status_code == 400
    assert "lifted already" in twice.content.decode()


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({}, "Say why."),
        ({"reason": "  "}, "Say why."),
        ({"reason": "x" * 501}, "at most 500 characters"),
        ({"reason": "a\x00b"}, "Null characters"),
        ({"reason": "x", "hold": "nonsense"}, "Enter a valid UUID"),
    ],
)
def test_a_hold_without_a_proper_reason_is_refused(
    owner_client: Client, patient: Patient, entries: dict[str, str], sentence: str
) -> None:
    answer = owner_client.post(at(patient, "holds/restriction/"), entries or {"reason": ""})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not RecordHold.objects.exists()


def test_anothers_hold_is_not_lifted_through_ones_own_patient(
    owner_client: Client, patient: Patient, stranger: User
) -> None:
    theirs = PatientFactory.create(created_by=stranger)
    add_to_care_team(theirs, stranger)
    hold = place_hold(patient=theirs, kind=HoldKind.RESTRICTION, reason="x", placed_by=stranger)
    answers = [
        owner_client.post(at(patient, "holds/restriction/"), {"reason": "x", "hold": pk}) for pk in (hold.pk, uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert owner_client.get(at(patient, "holds/nonsense/")).status_code == 404


def test_the_other_record_is_found_by_likeness_or_search(owner_client: Client, patient: Patient, owner: User) -> None:
    alike = PatientFactory.create(
        created_by=owner, family_name=patient.family_name.lower(), given_name="given", birth_date=patient.birth_date
    )
    add_to_care_team(alike, owner)
    theirs = PatientFactory.create(family_name=patient.family_name)
    page = owner_client.get(at(patient, "merge/")).content.decode()
    assert at(patient, f"merge/{alike.pk}/") in page
    assert str(theirs.pk) not in page
    searched = owner_client.post(at(patient, "merge/"), {"query": patient.family_name}).content.decode()
    assert at(patient, f"merge/{alike.pk}/") in searched
    assert at(patient, f"merge/{patient.pk}/") not in searched


def test_both_stand_side_by_side_before_they_are_merged(owner_client: Client, patient: Patient, twin: Patient) -> None:
    address = at(patient, f"merge/{twin.pk}/")
    page = owner_client.get(address).content.decode()
    for one in (patient, twin):
        assert one.family_name in page
        assert one.record_number in page
    answer = owner_client.post(address, {"keep": twin.pk})
    assert answer["Location"] == at(twin, "")
    patient.refresh_from_db()
    assert patient.merged_into == twin


@pytest.mark.parametrize("keep", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_merging_needs_one_of_the_two_to_keep(owner_client: Client, patient: Patient, twin: Patient, keep: str) -> None:
    answer = owner_client.post(at(patient, f"merge/{twin.pk}/"), {"keep": keep})
    assert answer.status_code == 400
    assert "Choose" in answer.content.decode()
    assert not Merging.objects.exists()


def test_merging_with_itself_or_a_strangers_patient_leads_nowhere(owner_client: Client, patient: Patient) -> None:
    theirs = PatientFactory.create()
    same = owner_client.post(at(patient, f"merge/{patient.pk}/"), {"keep": patient.pk})
    assert "merged with itself" in same.content.decode()
    hidden, missing = (
        owner_client.post(at(patient, f"merge/{pk}/"), {"keep": patient.pk}) for pk in (theirs.pk, uuid4())
    )
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content


def test_the_merged_id_leads_on_for_those_who_may_see(
    web: Web, api: Callable[[str], APIClient], merging: Merging, patient: Patient, twin: Patient
) -> None:
    page = web("owner").get(at(twin, ""))
    assert (page.status_code, page["Location"]) == (301, at(patient, ""))
    assert "no-store" in page["Cache-Control"]  # it may be undone
    assert web("owner").get(at(twin))["Location"] == at(patient)
    answer = api("owner").get(f"/api/v1/patients/{twin.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (301, "merged")
    assert answer["Location"] == f"http://testserver/api/v1/patients/{patient.pk}/"
    for who in ("stranger", "administrator", "auditor"):
        hidden, missing = (web(who).get(f"/patients/{pk}/") for pk in (twin.pk, uuid4()))
        assert (hidden.status_code, hidden.content) == (404, missing.content)
        there, nowhere = (api(who).get(f"/api/v1/patients/{pk}/") for pk in (twin.pk, uuid4()))
        assert (there.status_code, there.content) == (404, nowhere.content)


def test_a_merging_is_undone_from_the_record_page(
    owner_client: Client, merging: Merging, patient: Patient, twin: Patient
) -> None:
    assert f'href="/mergings/{merging.pk}/undo/"' in owner_client.get(at(patient)).content.decode()
    assert "Twin" in owner_client.get(f"/mergings/{merging.pk}/undo/").content.decode()
    assert owner_client.post(f"/mergings/{merging.pk}/undo/")["Location"] == at(twin, "")
    again = owner_client.post(f"/mergings/{merging.pk}/undo/")
    assert again.status_code == 400
    assert "undone already" in again.content.decode()


def test_whoever_came_later_undoes_and_stays_where_they_may_be(
    web: Web, merging: Merging, patient: Patient, colleague: User
) -> None:
    assert web("colleague").post(f"/mergings/{merging.pk}/undo/")["Location"] == at(patient, "")


def test_an_erasure_is_requested_and_taken_back(owner_client: Client, patient: Patient) -> None:
    address = at(patient, "erasure/")
    assert "removed for good" in owner_client.get(address).content.decode()
    owner_client.post(address, {"reason": "by_mistake"})
    assert "An administrator decides" in owner_client.get(at(patient)).content.decode()
    owner_client.post(address, {"withdraw": "yes"})
    assert Erasure.objects.get().state == ErasureState.WITHDRAWN
    late = owner_client.post(address, {"withdraw": "yes"})
    assert late.status_code == 400
    assert "withdrawn or decided already" in late.content.decode()


def test_it_says_until_when_a_record_must_be_kept(owner_client: Client, patient: Patient, case: Case) -> None:
    address = at(patient, "erasure/")
    assert "must be kept until" in owner_client.get(address).content.decode()
    answer = owner_client.post(address, {"reason": "patient_asked"})
    assert answer.status_code == 400
    assert "must be kept until" in answer.content.decode()
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("reason", ["", "because"])
def test_an_erasure_needs_a_known_reason(owner_client: Client, patient: Patient, reason: str) -> None:
    assert owner_client.post(at(patient, "erasure/"), {"reason": reason}).status_code == 400
    assert not Erasure.objects.exists()


def test_an_administrator_sees_an_id_and_no_patient(web: Web, erasure: Erasure, patient: Patient) -> None:
    client = web("administrator")
    for address in ("/erasures/", f"/erasures/{erasure.pk}/"):
        page = client.get(address).content.decode()
        assert str(patient.pk) in page
        for identifier in (patient.family_name, patient.given_name, patient.record_number):
            assert identifier not in page
    assert 'href="/erasures/"' in client.get("/models/").content.decode()


def test_erasing_takes_the_id_once_more(web: Web, erasure: Erasure, patient: Patient) -> None:
    client, address = web("administrator"), f"/erasures/{erasure.pk}/"
    for entries in ({}, {"decision": "carry_out"}, {"decision": "carry_out", "confirmed_id": "00000000"}):
        assert client.post(address, entries).status_code == (400 if entries else 200)
    assert Patient.objects.filter(pk=patient.pk).exists()
    done = client.post(address, {"decision": "carry_out", "confirmed_id": str(patient.pk)[:8].upper()})
    assert done["Location"] == "/erasures/"
    assert not Patient.objects.exists()
    assert str(patient.pk) in client.get("/erasures/").content.decode()


def test_what_was_decided_meanwhile_is_said(web: Web, erasure: Erasure, patient: Patient) -> None:
    client, address = web("administrator"), f"/erasures/{erasure.pk}/"
    client.post(address, {"decision": "refuse"})
    late = client.post(address, {"decision": "carry_out", "confirmed_id": str(patient.pk)[:8]})
    assert late.status_code == 400
    assert "decided already" in late.content.decode()
    assert Patient.objects.exists()


def test_an_erased_patient_is_a_missing_one(web: Web, erasure: Erasure, patient: Patient) -> None:
    web("administrator").post(
        f"/erasures/{erasure.pk}/", {"decision": "carry_out", "confirmed_id": str(patient.pk)[:8]}
    )
    erased, missing = (web("owner").get(f"/patients/{pk}/") for pk in (patient.pk, uuid4()))
    assert (erased.status_code, erased.content) == (404, missing.content)


@pytest.mark.parametrize("who", ["owner", "stranger", "auditor"])
def test_others_learn_nothing_of_erasures(web: Web, erasure: Erasure, who: str) -> None:
    hidden, missing = (web(who).get(f"/erasures/{pk}/") for pk in (erasure.pk, uuid4()))
    assert (hidden.status_code, hidden.content) == (403, missing.content)
    assert web(who).get("/erasures/").status_code == 403


def counted(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_list_of_erasures_takes_as_many_queries_for_many_as_for_one(
    web: Web, erasure: Erasure, owner: User
) -> None:
    client = web("administrator")
    before = counted(client, "/erasures/")
    for _ in range(5):
        patient = PatientFactory.create(created_by=owner)
        add_to_care_team(patient, owner)
        request_erasure(patient=patient, reason=ErasureReason.BY_MISTAKE, requested_by=owner)
    assert counted(client, "/erasures/") == before


def test_the_record_page_takes_as_many_queries_for_many_mergings_as_for_one(
    owner_client: Client, merging: Merging, patient: Patient, owner: User
) -> None:
    before = counted(owner_client, at(patient))
    for _ in range(5):
        other = PatientFactory.create(created_by=owner)
        add_to_care_team(other, owner)
        merge_records(kept=patient, merged=other, merged_by=owner)
    assert counted(owner_client, at(patient)) == before


def test_whoever_sees_the_record_in_an_emergency_alone_does_none_of_this(
    web: Web, patient: Patient, twin: Patient, stranger: User
) -> None:
    EmergencyAccess.objects.create(
        user=stranger, patient=patient, reason="collapsed", expires_at=timezone.now() + timedelta(minutes=30)
    )
    client = web("stranger")
    page = client.get(at(patient)).content.decode()
    assert "Only the patient&#x27;s care team" in page or "Only the patient's care team" in page
    assert "export/" not in page
    posts = {"export/": {}, "holds/restriction/": ASKED, "erasure/": {"reason": "by_mistake"}}
    for rest, entries in posts.items():
        assert client.post(at(patient, rest), entries).status_code == 403
    assert not RecordHold.objects.exists()
    assert not Erasure.objects.exists()
