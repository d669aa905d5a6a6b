"""Images that were read before are read anew by the version that is active now; what there was stays."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from clinic.models import AuditEvent, HoldKind, Patient, User
from clinic.services.holds import place_hold
from clinic.services.records import RecordRestricted
from diagnosis.models import (
    Analysis,
    AnalysisState,
    AssayPolicy,
    CaseStanding,
    ModelVersion,
    Prediction,
    Priority,
    Reanalysis,
    ReanalysisState,
    SlideImage,
    Stage,
    WithdrawalReason,
)
from diagnosis.selectors.images import status_of, with_analyses
from diagnosis.selectors.newer_results import newer_than_read, newer_than_signed, results_of_image
from diagnosis.selectors.report_rows import rows_of
from diagnosis.selectors.suggestions import shown_prediction, standing_prediction
from diagnosis.selectors.worklist import Tab, worklist
from diagnosis.selectors.worklist_filters import Filters
from diagnosis.services import analysis_queue, reanalysis_queue
from diagnosis.services.reanalysing import (
    reanalyse_case,
    reanalyse_read_by,
    reanalyse_worklist,
    stop_reanalysis,
)
from diagnosis.services.withdrawing import restore_image, withdraw_image
from tests.at_once import at_once
from tests.factories import (
    AnalysisFactory,
    ImageFactory,
    ModelVersionFactory,
    PatientFactory,
    PredictionFactory,
    ReadingFactory,
    add_to_care_team,
    signed_report,
)

pytestmark = pytest.mark.django_db
NO_FILES = dict.fromkeys(["mask_sha256", "outline_sha256", "map_sha256"], "0" * 64)


def predict(image: SlideImage, version: ModelVersion, **said: Any) -> Prediction:
    """A version's result on an image, without pictures."""
    known = image.analyses.filter(model_version=version).first()
    analysis = known or AnalysisFactory.create(image=image, model_version=version)
    if analysis.state == AnalysisState.QUEUED:
        Analysis.objects.filter(pk=analysis.pk).update(
            state=AnalysisState.RUNNING, lease_token=uuid4(), lease_expires_at=timezone.now()
        )
        end(analysis, AnalysisState.SUCCEEDED)
        analysis.refresh_from_db()
    return PredictionFactory.create(analysis=analysis, **NO_FILES, **said)


def end(analysis: Analysis, state: AnalysisState) -> None:
    reason = {"failure_code": "x", "failure_message": "y"} if state == AnalysisState.FAILED else {}
    if not Analysis.objects.filter(pk=analysis.pk, state=AnalysisState.RUNNING).exists():
        Analysis.objects.filter(pk=analysis.pk).update(
            state=AnalysisState.RUNNING, lease_token=uuid4(), lease_expires_at=timezone.now()
        )
    Analysis.objects.filter(pk=analysis.pk).update(
        state=state, lease_token=None, lease_expires_at=None, finished_at=timezone.now(), **reason
    )


@pytest.fixture
def old() -> ModelVersion:
    return ModelVersionFactory.create(version="1", state="retired")


@pytest.fixture
def new(old: ModelVersion) -> ModelVersion:
    return ModelVersionFactory.create(version="2")


@pytest.fixture
def image(patient: Patient, old: ModelVersion, new: ModelVersion, owner: User) -> SlideImage:
    """An image that the version before has read."""
    image = ImageFactory.create(case__patient=patient, case__created_by=owner)
    predict(image, old, label="Benign", malignant_probability=0.1)
    return image


def run(reanalysis: Reanalysis) -> Reanalysis:
    """What a worker does, until there is no more to do at once."""
    while reanalysis_queue.queue_some(reanalysis_id=reanalysis.pk):
        pass
    reanalysis.refresh_from_db()
    return reanalysis


def status(image: SlideImage, person: User) -> Any:
    return status_of(with_analyses(SlideImage.objects.filter(pk=image.pk), person=person).get())


def tabs(person: User) -> dict[Tab, int]:
    return dict(worklist(person=person, tab=Tab.CHANGED, filters=Filters()).counts)


# What leads


@pytest.mark.parametrize("state", ["queued", "running", "failed", "cancelled"])
def test_a_newer_analysis_without_a_result_hides_none(
    image: SlideImage, new: ModelVersion, owner: User, state: str
) -> None:
    before = standing_prediction(image)
    analysis = AnalysisFactory.create(image=image, model_version=new)
    if state == "running":
        analysis_queue.claim(model_version_id=new.pk)
    elif state == "failed":
        end(analysis, AnalysisState.FAILED)
    elif state == "cancelled":
        analysis_queue.finish([analysis.pk], state=AnalysisState.CANCELLED)
    assert (
        status(image, owner).prediction == before == standing_prediction(image) == shown_prediction(image, person=owner)
    )
    kept = CaseStanding.objects.get(case=image.case)
    assert (kept.pending, kept.failed, kept.unread, kept.confident) == (0, 0, 1, 1)
    assert (status(image, owner).anew is None) == (state == "cancelled")  # it is told beside the result


def test_the_newest_result_leads_and_the_earlier_one_stays_beside_it(
    image: SlideImage, new: ModelVersion, owner: User, owner_client: Client
) -> None:
    before = standing_prediction(image)
    after = predict(image, new, label="Pre", malignant_probability=0.9)
    assert standing_prediction(image) == after
    assert [one.prediction for one in results_of_image(status(image, owner), person=owner)] == [after, before]
    page = owner_client.get(f"/images/{image.pk}/").content.decode()
    assert 'id="image-results"' in page
    assert "test model 1" in page
    assert "test model 2" in page


def test_a_failure_is_told_beside_the_result(image: SlideImage, new: ModelVersion, owner_client: Client) -> None:
    end(AnalysisFactory.create(image=image, model_version=new), AnalysisState.FAILED)
    page = owner_client.get(f"/images/{image.pk}/").content.decode()
    assert "test model 2 could not analyse this image anew." in page
    assert 'id="suggestion-title"' in page


def test_the_image_waiting_to_be_read_anew_stands_in_no_signatures_way(
    image: SlideImage, new: ModelVersion, owner: User
) -> None:
    ReadingFactory.create(image=image, reader=owner)
    AnalysisFactory.create(image=image, model_version=new)
    assert rows_of(image.case, person=owner).pending == frozenset()


# Asking


def test_a_case_is_read_anew_by_the_active_version(image: SlideImage, new: ModelVersion, owner: User) -> None:
    ImageFactory.create(case=image.case)
    known = ImageFactory.create(case=image.case)
    predict(known, new)
    withdrawn = ImageFactory.create(case=image.case)
    withdraw_image(image=withdrawn, withdrawn_by=owner, reason=WithdrawalReason.OTHER)
    asked = reanalyse_case(case=image.case, requested_by=owner)
    assert asked.expected == 2
    done = run(asked)
    assert (done.state, done.queued, done.known, done.left_out) == (ReanalysisState.DONE, 2, 1, 1)
    queued = Analysis.objects.filter(reanalysis=asked)
    assert set(queued.values_list("model_version", "priority", "requested_by")) == {(new.pk, Priority.ANEW, owner.pk)}
    events = AuditEvent.objects.filter(action="analysis.queued", actor=owner, patient_id=image.case.patient_id)
    assert {event.subject_id for event in events} == {str(pk) for pk in queued.values_list("pk", flat=True)}


def test_the_same_asked_twice_is_one(image: SlideImage, owner: User) -> None:
    first, second = (reanalyse_case(case=image.case, requested_by=owner) for _ in range(2))
    assert first == second
    assert AuditEvent.objects.filter(action="reanalysis.requested").count() == 1
    run(first)
    with pytest.raises(ValidationError, match="nothing to do"):
        reanalyse_case(case=image.case, requested_by=owner)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one(image: SlideImage, owner: User) -> None:
    asked = at_once(*[lambda: reanalyse_case(case=image.case, requested_by=owner)] * 2)
    assert len({one.pk for one in asked}) == 1
    at_once(*[lambda: reanalysis_queue.queue_some(reanalysis_id=asked[0].pk)] * 2)
    assert image.analyses.count() == 2
    assert Reanalysis.objects.get().queued == 1


def test_only_the_care_team_has_a_case_read_anew(image: SlideImage, stranger: User, administrator: User) -> None:
    for person in (stranger, administrator):
        with pytest.raises(PermissionDenied):
            reanalyse_case(case=image.case, requested_by=person)


def test_a_restricted_record_is_not_read_anew(image: SlideImage, owner: User) -> None:
    place_hold(patient=image.case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    with pytest.raises(RecordRestricted):
        reanalyse_case(case=image.case, requested_by=owner)


def test_only_the_active_version_that_is_not_stopped_may_be_asked_for(
    image: SlideImage, old: ModelVersion, new: ModelVersion, owner: User, administrator: User
) -> None:
    with pytest.raises(ValidationError, match="shadow"):
        reanalyse_worklist(model=old, filters={"tab": "to-read"}, requested_by=owner)
    ModelVersion.objects.filter(pk=new.pk).update(stopped_at=timezone.now(), stopped_by=administrator)
    with pytest.raises(ValidationError, match="stopped"):
        reanalyse_case(case=image.case, requested_by=owner)


def test_a_doctor_has_the_cases_on_the_worklist_read_anew_and_no_others(
    image: SlideImage, old: ModelVersion, new: ModelVersion, owner: User, stranger: User
) -> None:
    urgent = ImageFactory.create(case__patient=image.case.patient, case__urgency="urgent")
    predict(urgent, old)
    hidden = ImageFactory.create(case__patient=PatientFactory.create(created_by=stranger), case__urgency="urgent")
    predict(hidden, old)
    asked = reanalyse_worklist(model=new, filters={"tab": "to-read", "urgency": "urgent"}, requested_by=owner)
    assert asked.expected == 1
    run(asked)
    assert set(new.analyses.values_list("image", flat=True)) == {urgent.pk}


def test_who_left_the_care_team_meanwhile_has_nothing_read(image: SlideImage, new: ModelVersion, owner: User) -> None:
    asked = reanalyse_worklist(model=new, filters={"tab": "to-read"}, requested_by=owner)
    image.case.patient.care_team_memberships.filter(user=owner).delete()
    assert run(asked).queued == 0


def test_administrators_have_read_anew_what_a_version_has_read_and_see_numbers_alone(
    image: SlideImage,
    old: ModelVersion,
    new: ModelVersion,
    administrator: User,
    owner: User,
    web: Callable[[str], Client],
) -> None:
    fresh = ImageFactory.create(case=image.case)  # which the version before has not read
    frozen = ImageFactory.create(case__patient__created_by=owner)
    predict(frozen, old)
    add_to_care_team(frozen.case.patient, owner)
    place_hold(patient=frozen.case.patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    page = web("administrator").get(f"/models/{new.pk}/reanalysis/", {"read_by": str(old.pk)}).content.decode()
    assert "1 image is read anew by test model 2." in page
    asked = reanalyse_read_by(model=new, read_by=old, requested_by=administrator)
    done = run(asked)
    assert (done.queued, done.left_out) == (1, 1)
    assert not fresh.analyses.exists()
    page = web("administrator").get(f"/reanalyses/{asked.pk}/").content.decode()
    told = [image.case.patient.family_name, image.case.patient.record_number, str(image.case_id), str(image.pk)]
    assert not [word for word in told if word in page]


def test_what_was_read_before_a_day_is_left_as_it_is(
    image: SlideImage, old: ModelVersion, new: ModelVersion, administrator: User
) -> None:
    tomorrow = timezone.localdate() + timedelta(days=2)
    with pytest.raises(ValidationError, match="no image"):
        reanalyse_read_by(model=new, read_by=old, since=tomorrow, requested_by=administrator)
    assert reanalyse_read_by(model=new, read_by=old, since=date(2020, 1, 1), requested_by=administrator).expected == 1


def test_only_administrators_ask_by_version(old: ModelVersion, new: ModelVersion, owner: User) -> None:
    with pytest.raises(PermissionDenied):
        reanalyse_read_by(model=new, read_by=old, requested_by=owner)


# The work


def test_a_doctors_new_image_goes_before_what_is_read_anew(image: SlideImage, new: ModelVersion, owner: User) -> None:
    run(reanalyse_case(case=image.case, requested_by=owner))
    later = AnalysisFactory.create(image__case=image.case, model_version=new)
    claim = analysis_queue.claim(model_version_id=new.pk)
    assert claim
    assert [one.image_id for one in claim.analyses] == [later.image_id, image.pk]


def test_a_step_that_was_cut_off_is_done_again_and_nothing_twice(
    image: SlideImage, new: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalysis_queue, "CASES_A_STEP", 1)
    for _ in range(2):
        ImageFactory.create(case__patient=image.case.patient)
    asked = reanalyse_worklist(model=new, filters={"tab": "to-read"}, requested_by=owner)
    assert reanalysis_queue.queue_some(reanalysis_id=asked.pk)
    with monkeypatch.context() as broken:
        broken.setattr("diagnosis.services.reanalysis_queue.audit.record_all", _killed)
        with pytest.raises(KeyboardInterrupt):
            reanalysis_queue.queue_some(reanalysis_id=asked.pk)
    assert new.analyses.count() == 1
    done = run(asked)
    assert (done.state, done.queued, new.analyses.count()) == (ReanalysisState.DONE, 3, 3)


def _killed(**_: object) -> None:
    raise KeyboardInterrupt


def test_no_more_than_some_wait_at_a_time(
    image: SlideImage, new: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalysis_queue, "CASES_A_STEP", 1)
    monkeypatch.setattr(reanalysis_queue, "MOST_WAITING", 1)
    ImageFactory.create(case__patient=image.case.patient)
    asked = reanalyse_worklist(model=new, filters={"tab": "to-read"}, requested_by=owner)
    assert run(asked).queued == 1
    analysis_queue.finish(list(new.analyses.values_list("pk", flat=True)), state=AnalysisState.CANCELLED)
    assert run(asked).queued == 2


def test_stopping_takes_out_what_waits_and_it_can_be_asked_for_again(
    image: SlideImage, new: ModelVersion, owner: User, colleague: User
) -> None:
    asked = run(reanalyse_case(case=image.case, requested_by=owner))
    with pytest.raises(PermissionDenied):
        stop_reanalysis(reanalysis=asked, stopped_by=colleague)
    assert stop_reanalysis(reanalysis=asked, stopped_by=owner).state == ReanalysisState.STOPPED
    reanalysis_queue.sweep()
    assert new.analyses.get().state == AnalysisState.CANCELLED
    with pytest.raises(ValidationError, match="ended"):
        stop_reanalysis(reanalysis=asked, stopped_by=owner)
    again = run(reanalyse_case(case=image.case, requested_by=owner))
    assert new.analyses.get().reanalysis == again
    assert new.analyses.get().state == AnalysisState.QUEUED


def test_another_version_ends_it(image: SlideImage, new: ModelVersion, owner: User) -> None:
    asked = run(reanalyse_case(case=image.case, requested_by=owner))
    going_on = (
        reanalyse_worklist(model=new, filters={"tab": "to-read"}, requested_by=owner)
        if ImageFactory.create(case=image.case)
        else None
    )
    ModelVersion.objects.filter(pk=new.pk).update(state="retired")
    assert going_on
    assert run(going_on).state == ReanalysisState.SUPERSEDED
    reanalysis_queue.sweep()
    assert set(Analysis.objects.filter(reanalysis=asked).values_list("state", flat=True)) == {AnalysisState.CANCELLED}


def test_a_stopped_model_only_delays_it(image: SlideImage, new: ModelVersion, owner: User) -> None:
    asked = reanalyse_case(case=image.case, requested_by=owner)
    ModelVersion.objects.filter(pk=new.pk).update(stopped_at=timezone.now(), stopped_by=owner)
    assert run(asked).state == ReanalysisState.RUNNING
    ModelVersion.objects.filter(pk=new.pk).update(stopped_at=None, stopped_by=None)
    assert run(asked).queued == 1


@pytest.mark.django_db(transaction=True)
def test_upload_reanalysis_and_activation_at_once_leave_one_analysis_each(
    image: SlideImage, new: ModelVersion, owner: User
) -> None:
    asked = reanalyse_case(case=image.case, requested_by=owner)

    def create_too() -> None:
        Analysis.objects.bulk_create(
            [Analysis(image=image, model_version=new, requested_by=owner)], ignore_conflicts=True
        )

    at_once(
        create_too,
        lambda: reanalysis_queue.queue_some(reanalysis_id=asked.pk),
        lambda: withdraw_image(image=image, withdrawn_by=owner, reason=WithdrawalReason.OTHER),
        lambda: ModelVersion.objects.filter(pk=new.pk).update(state="retired"),
    )
    run(asked)
    assert new.analyses.count() <= 1
    assert asked.queued + asked.known + asked.left_out == (asked.place is not None)
    reanalysis_queue.sweep()
    assert not Analysis.objects.filter(state=AnalysisState.QUEUED, priority=Priority.ANEW).exists()


def test_putting_an_image_back_queues_only_its_own_newest_analysis(
    image: SlideImage, new: ModelVersion, owner: User
) -> None:
    run(reanalyse_case(case=image.case, requested_by=owner))
    withdraw_image(image=image, withdrawn_by=owner, reason=WithdrawalReason.OTHER)
    assert new.analyses.get().state == AnalysisState.CANCELLED
    restore_image(image=image, restored_by=owner)
    assert new.analyses.get().state == AnalysisState.CANCELLED  # asked for anew, if anybody still wants it


# Read and signed


def test_a_result_that_changed_stands_in_its_own_tab_until_it_is_read_or_signed(
    image: SlideImage, new: ModelVersion, owner: User
) -> None:
    first = ReadingFactory.create(image=image, reader=owner, prediction=standing_prediction(image), label="Benign")
    assert tabs(owner)[Tab.CHANGED] == 0
    after = predict(image, new, label="Pre")
    assert tabs(owner)[Tab.CHANGED] == 1
    (found,) = newer_than_read(rows_of(image.case, person=owner))
    assert (found.now, found.says_otherwise) == (after, True)
    ReadingFactory.create(
        image=image, reader=owner, prediction=after, label="Benign", replaces=first, change_reason="looked again"
    )
    assert tabs(owner)[Tab.CHANGED] == 0


def test_the_same_said_anew_changes_nothing(image: SlideImage, new: ModelVersion, owner: User) -> None:
    ReadingFactory.create(image=image, reader=owner, prediction=standing_prediction(image), label="Benign")
    predict(image, new, label="Benign", malignant_probability=0.2)
    assert tabs(owner)[Tab.CHANGED] == 0


def test_a_signed_case_stays_signed_and_says_that_a_result_changed(
    image: SlideImage, new: ModelVersion, owner: User, owner_client: Client
) -> None:
    before = standing_prediction(image)
    reading = ReadingFactory.create(image=image, reader=owner, prediction=before, label="Benign")
    report = signed_report(case=image.case, signer=owner)
    after = predict(image, new, label="Pre")
    kept = CaseStanding.objects.get(case=image.case)
    assert (kept.stage, kept.results_changed) == (Stage.DONE, 1)
    (found,) = newer_than_signed(image.case, report.content, person=owner)
    assert (found.before, found.now) == (before, after)
    page = owner_client.get(f"/cases/{image.case_id}/report/").content.decode()
    assert "Pre, before" in page
    assert (
        "Result of 1 image changed since it was signed" in owner_client.get(f"/cases/{image.case_id}/").content.decode()
    )
    reading.refresh_from_db()
    assert reading.prediction == before  # it goes on pointing at what the doctor was shown
    signed_report(case=image.case, signer=owner, amendment_reason="read anew")
    assert tabs(owner)[Tab.CHANGED] == 0


def test_where_reading_is_blinded_neither_result_nor_that_it_changed_is_told(
    image: SlideImage, new: ModelVersion, owner: User, colleague: User, web: Callable[[str], Client]
) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=owner)
    ReadingFactory.create(image=image, reader=owner, prediction=standing_prediction(image), label="Benign")
    predict(image, new, label="Pro", malignant_probability=0.87)
    assert tabs(owner)[Tab.CHANGED] == 1
    assert tabs(colleague)[Tab.CHANGED] == 0
    pages = [
        f"/images/{image.pk}/",
        f"/cases/{image.case_id}/",
        f"/cases/{image.case_id}/report/",
        "/worklist/?tab=mine",
    ]
    pages += [f"/worklist/?tab={tab}" for tab in Tab.values]
    for address in pages:
        page = web("colleague").get(address).content.decode()
        for word in (
            "image-results",
            "newer-result",
            "esult of 1 image changed",
            "before Benign",
            "87\N{NO-BREAK SPACE}%",
        ):
            assert word not in page, (address, word)
    seen = web("owner").get(f"/images/{image.pk}/").content.decode()
    assert all(word in seen for word in ("image-results", "newer-result", "before Benign", "87\N{NO-BREAK SPACE}%"))
    (row,) = worklist(person=owner, tab=Tab.CHANGED, filters=Filters()).rows
    assert row.changed == 1
    rows = worklist(person=colleague, tab=Tab.TO_SIGN, filters=Filters()).rows
    assert [row.changed for row in rows] == [0]


# Pages and API


def test_a_case_page_offers_it_with_numbers_and_follows_it(
    image: SlideImage, new: ModelVersion, owner_client: Client
) -> None:
    assert "1 image was not read by test model 2" in owner_client.get(f"/cases/{image.case_id}/").content.decode()
    page = owner_client.get(f"/cases/{image.case_id}/reanalysis/").content.decode()
    assert "Analyse 1 image anew" in page
    answer = owner_client.post(f"/cases/{image.case_id}/reanalysis/", follow=True)
    assert "1 image is read anew by test model 2." in answer.content.decode()
    asked = Reanalysis.objects.get()
    run(asked)
    assert "Being analysed anew" in owner_client.get(f"/cases/{image.case_id}/").content.decode()
    assert "0 of 1 images have a new result" in owner_client.get(f"/reanalyses/{asked.pk}/").content.decode()
    predict(image, new)
    assert owner_client.get(f"/reanalyses/{asked.pk}/progress/").headers["HX-Refresh"] == "true"
    assert "Finished." in owner_client.get(f"/reanalyses/{asked.pk}/").content.decode()


def test_the_worklist_offers_it_by_assay(image: SlideImage, new: ModelVersion, owner_client: Client) -> None:
    page = owner_client.get("/worklist/reanalysis/?tab=to-read&urgency=routine").content.decode()
    assert "Analyse 1 image anew" in page
    answer = owner_client.post("/worklist/reanalysis/?tab=to-read&urgency=routine", {"model": new.pk}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/reanalyses/{Reanalysis.objects.get().pk}/"
    assert Reanalysis.objects.get().filters == {"tab": "to-read", "urgency": "routine", "assay": "leukemia"}


def test_the_api_takes_a_case_in_and_tells_how_far_it_is(
    image: SlideImage, new: ModelVersion, api: Callable[[str], APIClient]
) -> None:
    answer = api("owner").post(f"/api/v1/cases/{image.case_id}/reanalyses/")
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.data["url"]
    run(Reanalysis.objects.get())
    told = api("owner").get(answer.data["url"]).data
    assert (told["state"], told["progress"]["waiting"], told["is_over"]) == ("done", 1, False)
    again = api("owner").post(f"/api/v1/cases/{image.case_id}/reanalyses/")
    assert again.status_code == 409
    analyses = {one["model"]: one for one in api("owner").get("/api/v1/analyses/").data["results"]}
    assert [one["leads"] for one in analyses.values()].count(True) == 1
    assert not analyses[str(new.pk)]["leads"]
    predict(image, new)
    leading = {
        one["model"]["version"]: one["leads"] for one in api("owner").get("/api/v1/predictions/").data["results"]
    }
    assert leading == {"1": False, "2": True}


def test_the_api_takes_in_what_a_version_has_read_from_administrators_alone(
    image: SlideImage, old: ModelVersion, new: ModelVersion, api: Callable[[str], APIClient]
) -> None:
    body = {"scope": "model", "model": str(new.pk), "read_by": str(old.pk)}
    assert api("owner").post("/api/v1/reanalyses/", body, format="json").status_code == 403
    answer = api("administrator").post("/api/v1/reanalyses/", body, format="json")
    assert (answer.status_code, answer.data["expected"], answer.data["case"]) == (202, 1, None)
    same = api("administrator").post("/api/v1/reanalyses/", body, format="json")
    assert same.data["id"] == answer.data["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scope": "everything"},
        {"scope": "model", "model": "no id"},
        {"scope": "model", "model": str(uuid4()), "read_by": str(uuid4())},
        {"scope": "model", "model": str(uuid4())},
        {"scope": "model", "model": str(uuid4()), "read_by": str(uuid4()), "tab": "mine"},
        {"scope": "worklist", "model": str(uuid4()), "patient": "x"},
    ],
)
def test_the_api_says_what_is_amiss(api: Callable[[str], APIClient], body: dict[str, str]) -> None:
    assert api("administrator").post("/api/v1/reanalyses/", body, format="json").status_code == 400
    assert not Reanalysis.objects.exists()
