"""Erasing a record: two people, not before its time, everything or nothing, and a trail that stays whole."""

from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clinic.models import (
    AuditEvent,
    EmergencyAccess,
    Erasure,
    ErasureReason,
    ErasureState,
    HoldKind,
    Patient,
    Role,
    User,
)
from clinic.services.holds import lift_hold, place_hold
from diagnosis.models import (
    Analysis,
    Case,
    FileToRemove,
    ModelState,
    ModelVersion,
    Prediction,
    ShadowAnalysis,
    SlideImage,
)
from diagnosis.selectors.record_rows import erased_branches
from diagnosis.selectors.retention import kept_until
from diagnosis.services import analysis_queue, file_store
from diagnosis.services import erasure as erasing
from diagnosis.services.erasure import (
    carry_out_erasure,
    refuse_erasure,
    request_erasure,
    withdraw_erasure,
)
from diagnosis.services.file_removal import remove_forgotten_files, remove_noted_files
from diagnosis.services.merging import merge_records
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PatientFactory,
    PredictionFactory,
    add_to_care_team,
    drawn_png,
)

ASKED = ErasureReason.PATIENT_ASKED


@pytest.fixture
def no_retention(settings: Settings) -> None:
    settings.RECORD_RETENTION_YEARS = 0


@pytest.fixture
def prediction(case: Case, model: ModelVersion) -> Prediction:
    """A full record: an original, its renditions, a prediction with its pictures."""
    image = ImageFactory.create(case=case, uploaded_name="ZZFILE.png", sha256=file_store.put(drawn_png(seed=40)))
    image.display_sha256 = image.thumbnail_sha256 = file_store.put(drawn_png(seed=41))
    image.save()
    return PredictionFactory.create(
        analysis__image=image,
        analysis__model_version=model,
        mask_sha256=file_store.put(drawn_png(seed=42)),
        outline_sha256=file_store.put(drawn_png(seed=43)),
        map_sha256=file_store.put(drawn_png(seed=44)),
    )


@pytest.fixture
def erasure(prediction: Prediction, patient: Patient, owner: User, no_retention: None) -> Erasure:
    return request_erasure(patient=patient, reason=ASKED, requested_by=owner)


def files_of(prediction: Prediction) -> set[str]:
    image = prediction.analysis.image
    return {
        image.sha256,
        image.display_sha256,
        prediction.mask_sha256,
        prediction.outline_sha256,
        prediction.map_sha256,
    }


def stored() -> set[str]:
    return {path.name for path in Path(default_storage.location).rglob("*") if path.is_file()}  # type: ignore[attr-defined]


def carry_out(erasure: Erasure, person: User, callbacks: DjangoCaptureOnCommitCallbacks) -> Erasure:
    with callbacks(execute=True):
        return carry_out_erasure(erasure=erasure, carried_out_by=person)


def test_nothing_of_the_patient_remains(
    erasure: Erasure,
    prediction: Prediction,
    patient: Patient,
    colleague: User,
    administrator: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    files = files_of(prediction)
    assert files <= stored()
    carry_out(erasure, administrator, django_capture_on_commit_callbacks)
    for branch in erased_branches():
        assert not branch.rows([patient.pk]).exists()
    for model in (Patient, Case, SlideImage, Analysis, Prediction, FileToRemove):
        assert not model._base_manager.exists()
    assert not files & stored()
    for table in apps.get_models():
        for row in table._base_manager.values():
            assert patient.family_name not in str(row)
            assert "ZZFILE" not in str(row)


def test_what_models_in_the_shadow_said_goes_too(erasure: Erasure, prediction: Prediction, administrator: User) -> None:
    """And nothing of anybody else's."""
    silent = ModelVersionFactory.create(state=ModelState.SHADOW)
    others = ImageFactory.create()
    for image in (prediction.analysis.image, others):
        ShadowAnalysis.objects.create(image=image, model_version=silent)
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert [one.image for one in ShadowAnalysis.objects.all()] == [others]


def test_the_report_of_emergencies_stays_without_words_about_the_patient(
    erasure: Erasure, patient: Patient, stranger: User, administrator: User
) -> None:
    access = EmergencyAccess.objects.create(
        user=stranger,
        patient=patient,
        reason="Quist collapsed on ward 3",
        expires_at=timezone.now() + timedelta(minutes=30),
    )
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    access.refresh_from_db()
    assert (access.patient_id, access.user, access.reason) == (patient.pk, stranger, "")
    assert not Patient.objects.visible_to(stranger).exists()


def test_a_tombstone_and_the_trail_remain(
    erasure: Erasure,
    patient: Patient,
    owner: User,
    administrator: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    before = set(AuditEvent.objects.filter(patient_id=patient.pk).values_list("pk", flat=True))
    assert before
    carry_out(erasure, administrator, django_capture_on_commit_callbacks)
    erasure.refresh_from_db()
    assert (erasure.patient_id, erasure.state, erasure.reason) == (patient.pk, ErasureState.CARRIED_OUT, ASKED)
    assert (erasure.requested_by, erasure.decided_by) == (owner, administrator)
    assert before < set(AuditEvent.objects.filter(patient_id=patient.pk).values_list("pk", flat=True))
    assert AuditEvent.objects.get(action="erasure.carried_out").actor == administrator


def test_what_belongs_to_others_stays(
    erasure: Erasure,
    prediction: Prediction,
    administrator: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    shared = prediction.mask_sha256
    other = PredictionFactory.create(
        analysis__image__sha256=prediction.analysis.image.sha256,
        analysis__model_version=prediction.analysis.model_version,
        mask_sha256=shared,
    )
    carry_out(erasure, administrator, django_capture_on_commit_callbacks)
    assert Prediction.objects.get() == other
    assert {shared, other.analysis.image.sha256} <= stored()
    assert prediction.map_sha256 not in stored()


def test_records_merged_into_it_go_with_it(
    patient: Patient,
    owner: User,
    administrator: User,
    no_retention: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    twin = PatientFactory.create(created_by=owner, family_name="Zwilling")
    add_to_care_team(twin, owner)
    CaseFactory.create(patient=twin)
    merge_records(kept=patient, merged=twin, merged_by=owner)
    erasure = request_erasure(patient=patient, reason=ASKED, requested_by=owner)
    carry_out(erasure, administrator, django_capture_on_commit_callbacks)
    erasure.refresh_from_db()
    assert erasure.merged_ids == [twin.pk]
    assert not Patient.objects.exists()
    assert AuditEvent.objects.filter(action="erasure.carried_out", patient_id=twin.pk).exists()


@pytest.mark.parametrize("years", [1, 10])
def test_it_is_refused_with_the_date_while_the_record_must_be_kept(
    prediction: Prediction, patient: Patient, owner: User, settings: Settings, years: int
) -> None:
    settings.RECORD_RETENTION_YEARS = years
    until = kept_until(patient)
    assert until is not None
    assert until.year == timezone.localdate().year + years
    with pytest.raises(ValidationError, match=f"must be kept until {until:%d %B %Y}"):
        request_erasure(patient=patient, reason=ASKED, requested_by=owner)
    assert not Erasure.objects.exists()


def test_the_time_begins_with_whatever_came_last(patient: Patient, case: Case, settings: Settings) -> None:
    settings.RECORD_RETENTION_YEARS = 10
    long_ago = timezone.now() - timedelta(days=366 * 11)
    Patient.objects.filter(pk=patient.pk).update(created_at=long_ago)
    Case.objects.filter(pk=case.pk).update(created_at=long_ago)
    patient.refresh_from_db()
    assert (kept_until(patient) or date.max) < timezone.localdate()
    ImageFactory.create(case=case)
    assert (kept_until(patient) or date.min) > timezone.localdate()


def test_the_29th_of_february_has_a_date_in_any_year(patient: Patient, case: Case, settings: Settings) -> None:
    settings.RECORD_RETENTION_YEARS = 10
    leap = datetime(2024, 2, 29, 12, tzinfo=timezone.get_default_timezone())
    Patient.objects.filter(pk=patient.pk).update(created_at=leap)
    Case.objects.filter(pk=case.pk).update(created_at=leap)
    patient.refresh_from_db()
    assert kept_until(patient) == date(2034, 3, 1)


def test_a_record_without_a_case_holds_nothing_that_must_be_kept(patient: Patient, owner: User) -> None:
    assert kept_until(patient) is None
    request_erasure(patient=patient, reason=ErasureReason.BY_MISTAKE, requested_by=owner)


def test_what_came_after_the_request_counts_too(
    patient: Patient, owner: User, administrator: User, settings: Settings
) -> None:
    erasure = request_erasure(patient=patient, reason=ASKED, requested_by=owner)
    CaseFactory.create(patient=patient)
    with pytest.raises(ValidationError, match="must be kept until"):
        carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert Patient.objects.filter(pk=patient.pk).exists()


@pytest.mark.usefixtures("no_retention")
def test_a_legal_hold_keeps_it_whatever_its_age(patient: Patient, owner: User, administrator: User) -> None:
    erasure = request_erasure(patient=patient, reason=ASKED, requested_by=owner)
    hold = place_hold(patient=patient, kind=HoldKind.LEGAL_HOLD, reason="court", placed_by=owner)
    with pytest.raises(ValidationError, match="legal hold"):
        carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    withdraw_erasure(erasure=erasure, withdrawn_by=owner)
    with pytest.raises(ValidationError, match="legal hold"):
        request_erasure(patient=patient, reason=ASKED, requested_by=owner)
    lift_hold(hold=hold, reason="over", lifted_by=owner)
    request_erasure(patient=patient, reason=ASKED, requested_by=owner)


@pytest.mark.usefixtures("no_retention")
def test_a_restricted_record_can_be_erased(patient: Patient, owner: User, administrator: User) -> None:
    place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
    erasure = request_erasure(patient=patient, reason=ASKED, requested_by=owner)
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert not Patient.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "administrator", "auditor"])
def test_only_the_care_team_asks(patient: Patient, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        request_erasure(patient=patient, reason=ASKED, requested_by=request.getfixturevalue(who))


@pytest.mark.parametrize("who", ["owner", "colleague", "stranger", "auditor"])
def test_only_administrators_carry_out(erasure: Erasure, who: str, request: pytest.FixtureRequest) -> None:
    person: User = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        carry_out_erasure(erasure=erasure, carried_out_by=person)
    with pytest.raises(PermissionDenied):
        refuse_erasure(erasure=erasure, refused_by=person)
    assert Patient.objects.exists()


def test_it_takes_two_people_even_when_one_changes_role(erasure: Erasure, owner: User) -> None:
    owner.role = Role.ADMINISTRATOR
    owner.save()
    with pytest.raises(ValidationError, match="does not carry it out"):
        carry_out_erasure(erasure=erasure, carried_out_by=owner)
    with pytest.raises(IntegrityError, match="erasure_takes_two_people"), transaction.atomic():
        Erasure.objects.filter(pk=erasure.pk).update(
            state="carried_out", decided_by=owner, decided_at=erasure.requested_at
        )


def test_asked_for_twice_it_is_one_request(erasure: Erasure, patient: Patient, colleague: User) -> None:
    with pytest.raises(ValidationError, match="already"):
        request_erasure(patient=patient, reason=ASKED, requested_by=colleague)


def test_the_care_team_takes_it_back(erasure: Erasure, colleague: User, stranger: User, administrator: User) -> None:
    with pytest.raises(PermissionDenied):
        withdraw_erasure(erasure=erasure, withdrawn_by=stranger)
    withdraw_erasure(erasure=erasure, withdrawn_by=colleague)
    with pytest.raises(ValidationError, match="already"):
        carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    with pytest.raises(ValidationError, match="already"):
        refuse_erasure(erasure=erasure, refused_by=administrator)
    with pytest.raises(ValidationError, match="already"):
        withdraw_erasure(erasure=erasure, withdrawn_by=colleague)
    assert Patient.objects.exists()


def test_carried_out_twice_it_happens_once(erasure: Erasure, administrator: User) -> None:
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    with pytest.raises(ValidationError, match="already"):
        carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert AuditEvent.objects.filter(action="erasure.carried_out").count() == 1


def test_a_refused_request_can_be_made_again(
    erasure: Erasure, patient: Patient, owner: User, administrator: User
) -> None:
    refuse_erasure(erasure=erasure, refused_by=administrator)
    assert request_erasure(patient=patient, reason=ASKED, requested_by=owner).pk != erasure.pk


def test_an_error_half_way_erases_nothing(
    erasure: Erasure, prediction: Prediction, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(erasing, "digests_of", fail)
    with pytest.raises(RuntimeError):
        carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.REQUESTED
    assert Prediction.objects.exists()
    assert files_of(prediction) <= stored()


def test_files_left_by_an_interruption_go_with_the_next_sweep(
    erasure: Erasure, prediction: Prediction, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(prediction)
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)  # nobody runs what follows the commit
    assert files <= stored()
    gone: list[str] = []
    remove = file_store.remove

    def fail_half_way(sha256: str) -> None:
        if len(gone) == 2:
            raise OSError("the disk is away")
        gone.append(sha256)
        remove(sha256)

    monkeypatch.setattr(file_store, "remove", fail_half_way)
    with pytest.raises(OSError, match="away"):
        remove_noted_files()
    assert FileToRemove.objects.exists()
    monkeypatch.setattr(file_store, "remove", remove)
    remove_noted_files()
    assert not files & stored()
    assert not FileToRemove.objects.exists()


def test_a_prediction_is_deleted_in_an_erasure_alone(prediction: Prediction) -> None:
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        Prediction.objects.filter(pk=prediction.pk).delete()
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Prediction.objects.filter(pk=prediction.pk).update(label="Pro")


def test_the_tombstone_can_be_neither_changed_nor_removed(erasure: Erasure, administrator: User) -> None:
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    tombstone = Erasure.objects.filter(pk=erasure.pk)
    for changes in ({"state": "requested"}, {"reason": "by_mistake"}, {"decided_at": timezone.now()}):
        with pytest.raises(DatabaseError), transaction.atomic():
            tombstone.update(**changes)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        tombstone.delete()


def test_a_worker_that_comes_late_holds_nothing_any_more(
    erasure: Erasure, prediction: Prediction, case: Case, administrator: User
) -> None:
    model = prediction.analysis.model_version
    AnalysisFactory.create(image=ImageFactory(case=case), model_version=model)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert analysis_queue.lock_held(claim) == set()
    assert not Analysis.objects.exists()


def test_a_forgotten_file_goes_after_a_day_and_not_before(
    prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = file_store.put(b"left by a crash")
    half = Path(default_storage.path("sha256/aa/bb/.half-written"))
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    assert remove_forgotten_files() == 0
    assert {orphan, ".half-written"} <= stored()
    monkeypatch.setattr("diagnosis.services.file_removal.GRACE", timedelta(seconds=-1))
    assert remove_forgotten_files() == 1
    assert not {orphan, ".half-written"} & stored()
    assert files_of(prediction) <= stored()


@pytest.mark.django_db(transaction=True)
def test_the_trail_still_verifies(
    erasure: Erasure, patient: Patient, administrator: User, settings: Settings, tmp_path: Path
) -> None:
    settings.AUDIT_HEADS_DIR = tmp_path / "heads"
    carry_out_erasure(erasure=erasure, carried_out_by=administrator)
    assert not Patient.objects.exists()
    said = StringIO()
    call_command("verify_audit", stdout=said)
    rows = AuditEvent.objects.count()
    assert f"whole: {rows} rows" in said.getvalue()
