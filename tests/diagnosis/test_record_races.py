"""Two people at the same record in the same moment: one goes first, the other is told."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from pytest_django import Settings

from clinic.models import (
    AuditEvent,
    CareTeamMembership,
    Erasure,
    ErasureReason,
    ErasureState,
    HoldKind,
    Merging,
    Patient,
    Role,
    User,
)
from clinic.services.holds import place_hold
from clinic.services.patients import LikelyDuplicates, register_patient
from clinic.services.records import RecordRestricted
from diagnosis.models import Case, FileToRemove, ModelVersion, Prediction, SlideImage
from diagnosis.services import file_store
from diagnosis.services.cases import open_case
from diagnosis.services.erasure import carry_out_erasure, request_erasure, withdraw_erasure
from diagnosis.services.file_removal import keep_files, remove_noted_files
from diagnosis.services.merging import merge_records, undo_merging
from diagnosis.services.uploads import accept_image
from tests.at_once import at_once
from tests.factories import (
    CaseFactory,
    ImageFactory,
    PatientFactory,
    PredictionFactory,
    UserFactory,
    add_to_care_team,
    drawn_png,
    upload,
)

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 0.5  # seconds in which an act that waits for nobody would be over


@pytest.fixture
def twin(owner: User) -> Patient:
    twin = PatientFactory.create(created_by=owner)
    add_to_care_team(twin, owner)
    CaseFactory.create(patient=twin)
    return twin


@pytest.fixture
def erasure(patient: Patient, case: Case, owner: User, settings: Settings) -> Erasure:
    settings.RECORD_RETENTION_YEARS = 0
    PredictionFactory.create(analysis__image=ImageFactory(case=case))
    return request_erasure(patient=patient, reason=ErasureReason.PATIENT_ASKED, requested_by=owner)


def kinds(outcomes: list[Any]) -> set[type]:
    return {type(outcome) for outcome in outcomes}


@contextmanager
def meanwhile_in(ours: AbstractContextManager[Any]) -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Inside our transaction, start an act on another connection and see that it waits; it ends after ours."""
    with ThreadPoolExecutor(1) as pool:

        def start(act: Callable[[], Any]) -> Future[Any]:
            begun = pool.submit(lambda: closing(act))
            with pytest.raises(TimeoutError):
                begun.result(timeout=PATIENCE)
            return begun

        with ours:
            yield start


def closing(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connection.close()


@pytest.mark.parametrize("again", range(3))
def test_two_who_merge_the_same_two_records_merge_them_once(
    patient: Patient, twin: Patient, owner: User, again: int
) -> None:
    outcomes = at_once(
        lambda: merge_records(kept=patient, merged=twin, merged_by=owner),
        lambda: merge_records(kept=twin, merged=patient, merged_by=owner),
        lambda: merge_records(kept=patient, merged=twin, merged_by=owner),
    )
    assert kinds(outcomes) == {Merging, PermissionDenied}
    merging = Merging.objects.get()
    assert Case.objects.filter(patient=merging.kept).count() == 1
    assert CareTeamMembership.objects.filter(user=owner).count() == 1


def test_two_who_undo_a_merging_undo_it_once(patient: Patient, twin: Patient, owner: User) -> None:
    merging = merge_records(kept=patient, merged=twin, merged_by=owner)
    outcomes = at_once(*[lambda: undo_merging(merging=merging, undone_by=owner)] * 2)
    assert kinds(outcomes) == {Patient, ValidationError}
    assert AuditEvent.objects.filter(action="patient.merging_undone", patient_id=twin.pk).count() == 1


def test_two_administrators_erase_a_record_once(erasure: Erasure) -> None:
    first, second = UserFactory.create_batch(2, role=Role.ADMINISTRATOR)
    outcomes = at_once(
        lambda: carry_out_erasure(erasure=erasure, carried_out_by=first),
        lambda: carry_out_erasure(erasure=erasure, carried_out_by=second),
    )
    assert kinds(outcomes) == {Erasure, ValidationError}
    assert not Patient.objects.exists()
    assert AuditEvent.objects.filter(action="erasure.carried_out").count() == 1


def test_a_request_is_either_withdrawn_or_carried_out(erasure: Erasure, owner: User, administrator: User) -> None:
    carried_out, withdrawn = at_once(
        lambda: carry_out_erasure(erasure=erasure, carried_out_by=administrator),
        lambda: withdraw_erasure(erasure=erasure, withdrawn_by=owner),
    )
    erasure.refresh_from_db()
    assert isinstance(carried_out, Erasure) != isinstance(withdrawn, Erasure)
    assert Patient.objects.exists() == (erasure.state == ErasureState.WITHDRAWN)


def test_a_case_opened_while_the_record_is_erased_leaves_nothing_behind(
    erasure: Erasure, patient: Patient, owner: User, administrator: User
) -> None:
    opened, carried_out = at_once(
        lambda: open_case(patient=patient, opened_by=owner, assay="leukemia", specimen_date=date(2026, 1, 2)),
        lambda: carry_out_erasure(erasure=erasure, carried_out_by=administrator),
    )
    assert isinstance(opened, Case | PermissionDenied)
    assert isinstance(carried_out, Erasure)
    assert not Case.objects.exists()
    assert not Prediction.objects.exists()


def test_merging_and_a_request_to_erase_exclude_one_another(patient: Patient, twin: Patient, owner: User) -> None:
    Case.objects.filter(patient=twin).delete()
    merged, requested = at_once(
        lambda: merge_records(kept=patient, merged=twin, merged_by=owner),
        lambda: request_erasure(patient=twin, reason=ErasureReason.BY_MISTAKE, requested_by=owner),
    )
    assert isinstance(merged, Merging) != isinstance(requested, Erasure)


def test_two_tabs_register_a_patient_once(owner: User) -> None:
    def register() -> Patient:
        return register_patient(registered_by=owner, record_number="12", family_name="Quist")

    outcomes = at_once(register, register, register)
    assert kinds(outcomes) == {Patient, LikelyDuplicates}
    assert Patient.objects.count() == 1


def test_whoever_opens_a_case_waits_for_a_restriction_being_placed(patient: Patient, owner: User) -> None:
    def open_one() -> Case:
        return open_case(patient=patient, opened_by=owner, assay="leukemia", specimen_date=date(2026, 1, 2))

    with meanwhile_in(transaction.atomic()) as pool:
        place_hold(patient=patient, kind=HoldKind.RESTRICTION, reason="asked", placed_by=owner)
        waiting = pool(open_one)
    assert isinstance(waiting.exception(timeout=30), RecordRestricted)
    assert not Case.objects.exists()


def test_a_file_is_not_removed_under_a_row_that_is_just_being_written(case: Case) -> None:
    sha256 = file_store.put(drawn_png(seed=60))
    FileToRemove.objects.create(sha256=sha256)
    with meanwhile_in(transaction.atomic()) as pool:
        assert keep_files([sha256]) == []
        ImageFactory.create(case=case, sha256=sha256)
        removal = pool(remove_noted_files)
    assert removal.result(timeout=30) == 0
    assert file_store.get(sha256) == drawn_png(seed=60)


def test_a_file_removed_just_after_it_was_stored_is_stored_again(
    case: Case, model: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = drawn_png(seed=61)
    FileToRemove.objects.create(sha256=file_store.put(content))
    put = file_store.put

    def put_then_lose(file: Any) -> str:
        sha256 = put(file)
        remove_noted_files()
        return sha256

    monkeypatch.setattr(file_store, "put", put_then_lose)
    accept_image(case=case, uploaded_by=owner, file=upload(content=content))
    assert file_store.get(SlideImage.objects.get().sha256) == content
