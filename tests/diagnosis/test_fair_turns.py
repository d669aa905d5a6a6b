"""Whose turn it is: people take turns, whoever sent how much."""

import importlib
import threading
from collections.abc import Callable, Sequence

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from clinic.models import Patient, User
from clinic.services.programs import create_program
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, Priority
from diagnosis.services import analysis_queue
from tests.factories import AnalysisFactory, CaseFactory, ImageFactory, ModelVersionFactory, PatientFactory, UserFactory

Queue = Callable[..., list[Analysis]]


@pytest.fixture
def queue(model: ModelVersion) -> Queue:
    """Put images of a person in the queue; only their rows, no files."""

    def put(person: User, count: int = 1, **fields: object) -> list[Analysis]:
        case = fields.pop("case", None) or CaseFactory.create(patient__created_by=person)
        return [
            AnalysisFactory.create(image__case=case, model_version=model, requested_by=person, **fields)
            for _ in range(count)
        ]

    return put


@pytest.fixture(autouse=True)
def _batches_of_two(settings: Settings) -> None:
    settings.ANALYSIS_BATCH_SIZE = 2


def claimed(model: ModelVersion) -> Sequence[Analysis]:
    claim = analysis_queue.claim(model_version_id=model.pk)
    return claim.analyses if claim else []


def finish_running() -> None:
    Analysis.objects.filter(state=AnalysisState.RUNNING).update(
        state=AnalysisState.SUCCEEDED, lease_token=None, lease_expires_at=None, finished_at=Now()
    )


def in_order(model: ModelVersion) -> list[Analysis]:
    """All that waits, in the order in which it is taken, each batch done before the next."""
    order: list[Analysis] = []
    while batch := claimed(model):
        order.extend(batch)
        finish_running()
    return order


def who(analyses: Sequence[Analysis]) -> list[str]:
    return [one.requested_by.full_name.split()[0] for one in analyses]


def test_one_persons_images_come_in_the_order_they_were_sent(queue: Queue, model: ModelVersion, owner: User) -> None:
    assert in_order(model) == []
    sent = queue(owner, 5)
    assert in_order(model) == sent


def test_a_single_image_goes_before_all_that_is_not_yet_taken(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 20)
    claimed(model)
    queue(stranger)
    assert who(claimed(model)) == ["Stella", "Olivia"]


def test_what_two_people_send_is_taken_from_each_in_turn(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 4)
    queue(stranger, 3)
    assert who(in_order(model)) == ["Olivia", "Stella", "Olivia", "Stella", "Olivia", "Stella", "Olivia"]


def test_whoever_waited_long_ago_has_saved_nothing_up(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 12)
    for _ in range(4):
        claimed(model)
        finish_running()
    queue(stranger, 4)
    assert who(in_order(model)) == ["Olivia", "Stella", "Olivia", "Stella", "Olivia", "Stella", "Olivia", "Stella"]


def test_many_people_with_one_image_each_starve_nobody(
    queue: Queue, model: ModelVersion, owner: User, settings: Settings
) -> None:
    settings.ANALYSIS_BATCH_SIZE = 1
    queue(owner, 3)
    taken: list[Analysis] = []
    for _ in range(12):  # there is always another person's image, sent while something is being worked on
        taken.extend(claimed(model))
        queue(UserFactory.create(full_name="Another"))
        queue(UserFactory.create(full_name="Another"))
        finish_running()
    assert who(taken).count("Olivia") == 3


def test_after_a_quiet_moment_everybody_begins_anew(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 8)
    in_order(model)
    queue(stranger, 2)
    queue(owner, 2)
    assert who(in_order(model)) == ["Stella", "Olivia", "Stella", "Olivia"]


def test_a_program_takes_turns_like_a_person(
    queue: Queue, model: ModelVersion, owner: User, administrator: User
) -> None:
    program = create_program(name="Scanner", answered_for_by=owner, created_by=administrator)
    queue(program, 6)
    queue(owner)
    assert who(in_order(model)).index("Olivia") == 1


def test_what_was_lost_keeps_its_turn(queue: Queue, model: ModelVersion, owner: User, stranger: User) -> None:
    sent = queue(owner, 6)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    queue(stranger, 2)
    analysis_queue.give_back(claim)
    assert [one.pk for one in claimed(model)] == [sent[0].pk]


def test_what_is_retried_stands_behind_what_its_person_waits_for(
    queue: Queue, model: ModelVersion, owner: User, case: Case
) -> None:
    (failed,) = queue(owner, case=case)
    claimed(model)
    Analysis.objects.filter(pk=failed.pk).update(
        state=AnalysisState.FAILED,
        lease_token=None,
        lease_expires_at=None,
        finished_at=Now(),
        failure_code="x",
        failure_message="X.",
    )
    waiting = queue(owner, 3)
    analysis_queue.retry(analysis=failed, retried_by=owner)
    assert [one.pk for one in in_order(model)] == [*(one.pk for one in waiting), failed.pk]


def test_what_is_read_anew_comes_last_and_takes_turns_of_its_own(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 3, priority=Priority.ANEW)
    queue(stranger, 1, priority=Priority.ANEW)
    queue(owner, 2)
    order = in_order(model)
    assert [one.priority for one in order] == [0, 0, 1, 1, 1, 1]
    assert who(order) == ["Olivia", "Olivia", "Olivia", "Stella", "Olivia", "Olivia"]


def test_what_waits_behind_a_restriction_puts_its_persons_other_images_back_no_further(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    restricted = PatientFactory.create(created_by=owner)
    queue(owner, 6, case=CaseFactory.create(patient=restricted))
    Patient.objects.filter(pk=restricted.pk).update(restricted_at=timezone.now())
    queue(stranger, 4)
    queue(owner)
    assert who(in_order(model))[:2] == ["Stella", "Olivia"]


def test_turns_of_one_model_are_no_matter_of_another(queue: Queue, model: ModelVersion, owner: User) -> None:
    queue(owner, 5)
    other = ModelVersionFactory.create(assay="breast")
    assert AnalysisFactory.create(model_version=other, requested_by=owner).pk in {one.pk for one in claimed(other)}
    assert Analysis.objects.get(model_version=other).turn == 0


def test_an_image_of_another_model_does_not_wait_for_that_models_wake_up(
    queue: Queue, model: ModelVersion, owner: User
) -> None:
    queue(owner, 6)
    claimed(model)
    other = AnalysisFactory.create(model_version__assay="breast", requested_by=owner)
    claim = analysis_queue.claim_next(woken_for=model.pk)
    assert claim is not None
    assert list(claim.analyses) == [other]


def test_what_is_to_be_read_anew_waits_for_new_images_of_every_model(
    queue: Queue, model: ModelVersion, owner: User
) -> None:
    queue(owner, 4)
    claimed(model)
    AnalysisFactory.create(model_version__assay="breast", requested_by=owner, priority=Priority.ANEW)
    claim = analysis_queue.claim_next(woken_for=model.pk)
    assert claim is not None
    assert {one.model_version_id for one in claim.analyses} == {model.pk}


def test_where_a_models_images_may_not_be_taken_the_one_that_was_called_for_is_read(
    queue: Queue, model: ModelVersion, owner: User
) -> None:
    sent = queue(owner, 3)
    claimed(model)
    other = AnalysisFactory.create(model_version__assay="breast", requested_by=owner)
    Patient.objects.filter(cases__images__analyses=other).update(restricted_at=timezone.now())
    claim = analysis_queue.claim_next(woken_for=model.pk)
    assert claim is not None
    assert list(claim.analyses) == sent[2:]


def test_a_worker_at_a_batch_is_told_when_somebody_elses_turn_has_come(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 20)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    assert not analysis_queue.others_wait(claim)
    queue(stranger)
    assert analysis_queue.others_wait(claim)


def test_a_worker_at_what_is_read_anew_is_told_of_a_new_image_of_the_same_person(
    queue: Queue, model: ModelVersion, owner: User
) -> None:
    queue(owner, 4, priority=Priority.ANEW)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    assert not analysis_queue.others_wait(claim)
    queue(owner)
    assert analysis_queue.others_wait(claim)


def test_a_worker_at_a_batch_is_told_of_a_model_that_nobody_works_on(
    queue: Queue, model: ModelVersion, owner: User, settings: Settings
) -> None:
    queue(owner, 20)
    claim = analysis_queue.claim(model_version_id=model.pk)
    assert claim is not None
    other = AnalysisFactory.create(model_version__assay="breast", requested_by=owner)
    assert analysis_queue.others_wait(claim)
    settings.ANALYSIS_OWN_QUEUES = ["breast"]  # others' workers see to it
    assert not analysis_queue.others_wait(claim)
    settings.ANALYSIS_OWN_QUEUES = []
    assert analysis_queue.claim(model_version_id=other.model_version_id) is not None
    assert not analysis_queue.others_wait(claim)


def test_a_batch_that_was_let_go_is_behind_the_image_it_was_let_go_for(
    queue: Queue, model: ModelVersion, owner: User, stranger: User, settings: Settings
) -> None:
    settings.ANALYSIS_BATCH_SIZE = 16
    queue(owner, 128)
    batches = [analysis_queue.claim(model_version_id=model.pk) for _ in range(2)]
    queue(stranger)
    for claim in batches:
        assert claim is not None
        analysis_queue.let_go(claim, claim.analyses[2:])
    assert who(claimed(model))[0] == "Stella"


def test_images_of_one_statement_stand_one_behind_the_other(model: ModelVersion, owner: User, case: Case) -> None:
    images = ImageFactory.create_batch(4, case=case)
    Analysis.objects.bulk_create(Analysis(image=one, model_version=model, requested_by=owner) for one in images)
    assert sorted(Analysis.objects.values_list("turn", flat=True)) == [0, 1, 2, 3]


def test_a_new_version_takes_over_in_turns(
    queue: Queue, model: ModelVersion, owner: User, stranger: User, administrator: User
) -> None:
    queue(owner, 3)
    queue(stranger, 2)
    newer = ModelVersionFactory.create(assay="breast")
    analysis_queue.hand_over_waiting(from_model=model, to_model=newer, by=administrator)
    order = who(in_order(newer))
    assert (sorted(order[:2]), sorted(order[2:4]), order[4]) == (["Olivia", "Stella"], ["Olivia", "Stella"], "Olivia")


def test_what_waited_before_there_were_turns_gets_them(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 3)
    queue(stranger, 2)
    Analysis.objects.update(turn=0)
    number = importlib.import_module("diagnosis.migrations.0020_in_turn").NUMBER
    with connection.cursor() as cursor:
        cursor.execute(number)
    assert who(in_order(model)) == ["Olivia", "Stella", "Olivia", "Stella", "Olivia"]


@pytest.mark.django_db(transaction=True)
def test_nobodys_upload_waits_for_another_that_is_not_committed(
    queue: Queue, model: ModelVersion, owner: User, stranger: User
) -> None:
    queue(owner, 2)
    done = threading.Event()

    def send() -> None:
        queue(stranger)
        connection.close()
        done.set()

    with transaction.atomic():
        queue(owner, 2)
        other = threading.Thread(target=send)
        other.start()
        assert done.wait(20)
    other.join()
    assert who(in_order(model)) == ["Olivia", "Stella", "Olivia", "Olivia", "Olivia"]
