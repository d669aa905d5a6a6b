"""Activation takes figures on the site's own test set and two administrators; rolling back takes one."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models.functions import Now
from django.test import Client

from clinic.models import AuditEvent, Role, User
from diagnosis.models import (
    ActivationProposal,
    Analysis,
    AnalysisState,
    Case,
    ModelState,
    ModelVersion,
    ProposalState,
)
from diagnosis.selectors.models import active_model, model_before
from diagnosis.services.model_activation import agree_to_activation, propose_activation, roll_back, withdraw_proposal
from diagnosis.services.model_states import move_model
from diagnosis.services.model_stops import stop_model
from mlcore.manifest import FORMAT
from tests.at_once import at_once
from tests.diagnosis.small_models import WHY
from tests.factories import (
    AnalysisFactory,
    FinishedEvaluationFactory,
    ModelVersionFactory,
    TestSetFactory,
    UserFactory,
)

USABLE = {"format": FORMAT}


@pytest.fixture
def active(db: None) -> ModelVersion:
    return ModelVersionFactory.create(manifest=USABLE, version="old")


@pytest.fixture
def candidate(active: ModelVersion) -> ModelVersion:
    """A candidate that was measured on the current test set."""
    model = ModelVersionFactory.create(state=ModelState.CANDIDATE, manifest=USABLE, version="new")
    FinishedEvaluationFactory.create(model=model)
    return model


@pytest.fixture
def second(db: None) -> User:
    return UserFactory.create(full_name="Sara Second", role=Role.ADMINISTRATOR)


@pytest.fixture
def proposal(candidate: ModelVersion, administrator: User) -> ActivationProposal:
    return propose_activation(model=candidate, proposed_by=administrator, **WHY)


def test_with_the_consent_of_a_second_administrator_it_is_active(
    proposal: ActivationProposal, active: ModelVersion, administrator: User, second: User
) -> None:
    model = agree_to_activation(proposal=proposal, agreed_by=second)
    active.refresh_from_db()
    assert (active_model("leukemia"), active.state) == (model, ModelState.RETIRED)
    change = model.changes.get()
    assert (change.made_by, change.consented_by, change.other) == (administrator, second, active)
    assert (change.why, change.reason) == tuple(WHY.values())
    event = AuditEvent.objects.get(action="model.activated")
    assert (event.actor, event.detail["proposed_by"], event.detail["why"]) == (second, str(administrator.pk), "figures")
    assert AuditEvent.objects.filter(action="model.activation_proposed", actor=administrator).exists()


def test_who_when_and_why_are_on_the_page(proposal: ActivationProposal, second: User, owner_client: Client) -> None:
    agree_to_activation(proposal=proposal, agreed_by=second)
    page = owner_client.get(f"/models/{proposal.model_id}/").content.decode()
    for said in ("Adam Administrator", "Sara Second", WHY["reason"], "Activated"):
        assert said in page


def test_nobody_agrees_to_their_own_proposal(proposal: ActivationProposal, administrator: User) -> None:
    with pytest.raises(ValidationError, match="second administrator"):
        agree_to_activation(proposal=proposal, agreed_by=administrator)
    with pytest.raises(IntegrityError, match="activation_takes_two_people"):
        ActivationProposal.objects.update(state="approved", decided_by=administrator, decided_at=Now())


def test_a_proposer_who_is_no_administrator_any_more_does_not_count(
    proposal: ActivationProposal, administrator: User, second: User
) -> None:
    User.objects.filter(pk=administrator.pk).update(role=Role.DOCTOR)
    with pytest.raises(ValidationError, match="no administrator any more"):
        agree_to_activation(proposal=proposal, agreed_by=second)


def test_without_figures_on_the_current_test_set_it_is_not_proposed(active: ModelVersion, administrator: User) -> None:
    model = ModelVersionFactory.create(state=ModelState.CANDIDATE, manifest=USABLE)
    TestSetFactory.create()
    with pytest.raises(ValidationError, match="measured"):
        propose_activation(model=model, proposed_by=administrator, **WHY)


def test_figures_on_an_older_test_set_do_not_count(
    proposal: ActivationProposal, candidate: ModelVersion, administrator: User, second: User
) -> None:
    TestSetFactory.create()
    with pytest.raises(ValidationError, match="measured"):
        agree_to_activation(proposal=proposal, agreed_by=second)
    FinishedEvaluationFactory.create(model=candidate, test_set=TestSetFactory.create())
    with pytest.raises(ValidationError, match="Another test set"):
        agree_to_activation(proposal=proposal, agreed_by=second)
    withdraw_proposal(proposal=proposal, withdrawn_by=second)
    anew = propose_activation(model=candidate, proposed_by=administrator, **WHY)
    assert agree_to_activation(proposal=anew, agreed_by=second).state == ModelState.ACTIVE


def test_a_stopped_model_is_not_activated(proposal: ActivationProposal, second: User) -> None:
    stop_model(model=proposal.model, stopped_by=second, **WHY)
    with pytest.raises(ValidationError, match="stopped"):
        agree_to_activation(proposal=proposal, agreed_by=second)


def test_a_proposal_is_withdrawn_by_either_and_then_nobody_agrees_to_it(
    proposal: ActivationProposal, administrator: User, second: User
) -> None:
    withdrawn = withdraw_proposal(proposal=proposal, withdrawn_by=administrator)
    assert (withdrawn.state, withdrawn.decided_by) == (ProposalState.WITHDRAWN, administrator)
    with pytest.raises(ValidationError, match="already"):
        agree_to_activation(proposal=proposal, agreed_by=second)


def test_it_is_proposed_once(proposal: ActivationProposal, second: User) -> None:
    with pytest.raises(ValidationError, match="already"):
        propose_activation(model=proposal.model, proposed_by=second, **WHY)


def test_only_administrators_propose_agree_and_withdraw(proposal: ActivationProposal, owner: User) -> None:
    for act in (
        lambda: propose_activation(model=proposal.model, proposed_by=owner, **WHY),
        lambda: agree_to_activation(proposal=proposal, agreed_by=owner),
        lambda: withdraw_proposal(proposal=proposal, withdrawn_by=owner),
        lambda: roll_back(model=proposal.model, rolled_back_by=owner, **WHY),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.django_db(transaction=True)
def test_of_several_who_agree_at_once_one_wins(proposal: ActivationProposal, active: ModelVersion) -> None:
    people = [UserFactory.create(role=Role.ADMINISTRATOR) for _ in range(4)]
    outcomes = at_once(*[lambda one=one: agree_to_activation(proposal=proposal, agreed_by=one) for one in people])
    assert [type(one) for one in outcomes].count(ModelVersion) == 1
    assert [type(one) for one in outcomes].count(ValidationError) == 3
    assert ModelVersion.objects.filter(assay="leukemia", state=ModelState.ACTIVE).count() == 1
    assert AuditEvent.objects.filter(action="model.activated").count() == 1


def test_one_administrator_rolls_back_with_a_reason(
    proposal: ActivationProposal, active: ModelVersion, second: User
) -> None:
    model = agree_to_activation(proposal=proposal, agreed_by=second)
    before = roll_back(model=model, rolled_back_by=second, why="reported", reason="Two wrong suggestions.")
    model.refresh_from_db()
    assert (before, before.state, model.state) == (active, ModelState.ACTIVE, ModelState.RETIRED)
    change = before.changes.get(kind="rolled_back_to")
    assert (change.made_by, change.reason, change.other) == (second, "Two wrong suggestions.", model)
    assert AuditEvent.objects.filter(action="model.rolled_back_to", actor=second).exists()


def test_a_second_click_does_not_roll_back_once_more(proposal: ActivationProposal, second: User) -> None:
    model = agree_to_activation(proposal=proposal, agreed_by=second)
    before = roll_back(model=model, rolled_back_by=second, **WHY)
    with pytest.raises(ValidationError, match="not active any more"):
        roll_back(model=model, rolled_back_by=second, **WHY)
    assert model_before(before) is None  # never forth to the one that was just rolled back


def test_what_waits_for_a_model_that_is_rolled_back_is_read_by_the_one_before(
    proposal: ActivationProposal, active: ModelVersion, case: Case, second: User
) -> None:
    model = agree_to_activation(proposal=proposal, agreed_by=second)
    waiting = AnalysisFactory.create(image__case=case, model_version=model)
    roll_back(model=model, rolled_back_by=second, **WHY)
    waiting.refresh_from_db()
    taken = Analysis.objects.get(image=waiting.image, model_version=active)
    assert (waiting.state, taken.state) == (AnalysisState.CANCELLED, AnalysisState.QUEUED)
    events = AuditEvent.objects.filter(patient_id=case.patient_id, actor=second)
    assert set(events.values_list("action", flat=True)) == {"analysis.cancelled", "analysis.queued"}


def test_a_retired_model_comes_back_as_a_candidate_and_by_proposal(
    candidate: ModelVersion, administrator: User, second: User
) -> None:
    for state in (ModelState.SHADOW, ModelState.RETIRED):
        move_model(model=candidate, state=state, moved_by=administrator, **WHY)
    again = propose_activation(model=candidate, proposed_by=administrator, **WHY)
    assert agree_to_activation(proposal=again, agreed_by=second).state == ModelState.ACTIVE


def test_two_administrators_do_it_on_the_pages(
    candidate: ModelVersion, active: ModelVersion, web: Callable[[str], Client]
) -> None:
    first, other = web("administrator"), web("second")
    page = f"/models/{candidate.pk}/"
    assert first.post(f"{page}decisions/propose/", WHY).status_code == 302
    own = first.get(page).content.decode()
    assert "A second administrator has to agree" in own
    assert "Agree and activate" not in own
    proposal = ActivationProposal.objects.get()
    refused = first.post(f"/proposals/{proposal.pk}/agree/", follow=True)
    assert "You proposed this yourself" in refused.content.decode()
    assert "Agree and activate" in other.get(page).content.decode()
    other.post(f"/proposals/{proposal.pk}/agree/")
    assert active_model("leukemia") == candidate
    other.post(f"{page}decisions/roll-back/", WHY)
    assert active_model("leukemia") == active
    assert other.post(f"/proposals/{proposal.pk}/burn/").status_code == 404
