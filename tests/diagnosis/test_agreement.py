"""How readers and model agree: what is counted, what is left out, and who may see it."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import count
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from clinic.models import AuditEvent, User
from diagnosis.models import AssayPolicy, Case, ModelVersion, Reading, ReadingRequest, SlideImage
from diagnosis.selectors.agreement import Agreement, Rates, Wanted, agreement_of
from diagnosis.selectors.agreement_counts import Sight, counts_of, counts_of_enough
from diagnosis.services.agreement import count_all, counts_of_all
from diagnosis.tasks import count_agreement
from mlcore.assays import get_assay
from tests.diagnosis.test_history import withdraw
from tests.factories import (
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PredictionFactory,
    ReadingFactory,
    UserFactory,
    add_to_care_team,
)

JUNE = datetime(2026, 6, 15, 12, tzinfo=UTC)
JULY = datetime(2026, 7, 15, 12, tzinfo=UTC)
numbers = count()


@pytest.fixture(autouse=True)
def _few_are_enough(settings: Settings) -> None:
    """A handful of readings shows the arithmetic; the thresholds have tests of their own."""
    settings.AGREEMENT_FEWEST_READINGS = 1


class Desk:
    """Images of a case with what a model suggested, and doctors who read them."""

    def __init__(self, case: Case, model: ModelVersion) -> None:
        self.case, self.model = case, model

    def suggested(self, label: str, *, verdict: str = "confident", model: ModelVersion | None = None) -> SlideImage:
        image = ImageFactory.create(case=self.case)
        fields = {"mask_sha256": "0" * 64, "outline_sha256": "0" * 64, "map_sha256": ""}
        PredictionFactory.create(
            analysis__image=image,
            analysis__model_version=model or self.model,
            verdict=verdict,
            label="" if verdict == "out_of_scope" else label,
            **fields,
        )
        return image

    def read(
        self, image: SlideImage, reader: User, label: str, *, at: datetime = JUNE, taking: int = 30, **fields: Any
    ) -> Reading:
        if label in {"cannot_tell", "unsuitable"}:
            fields |= {"answer": label, "label": "", "reason": "focus"}
        else:
            fields["label"] = label
        if fields.get("replaces"):
            fields["change_reason"] = "Having seen the suggestion."
        return ReadingFactory.create(
            image=image,
            reader=reader,
            prediction=image.analyses.get().prediction,
            opened_at=at - timedelta(seconds=taking),
            created_at=at,
            **fields,
        )

    def blinded(self, image: SlideImage, reader: User, label: str, then: str = "", **fields: Any) -> Reading:
        """A blinded first word, and what it is replaced by once the suggestion was seen."""
        reading = self.read(image, reader, label, was_blinded=True, **fields)
        return self.read(image, reader, then, replaces=reading) if then else reading

    def figures(self, *, sight: Sight | None = Sight.IN_VIEW, **wanted: Any) -> Agreement:
        assay = wanted.pop("assay", "leukemia")
        models = {one.pk: one for one in ModelVersion.objects.filter(assay=assay)}
        counts = counts_of(Reading.objects.all())
        return agreement_of(counts, wanted=Wanted(get_assay(assay), **{"models": models} | wanted), sight=sight)


@pytest.fixture
def desk(case: Case, model: ModelVersion) -> Desk:
    return Desk(case, model)


def overall(figures: Agreement, sight: Sight = Sight.IN_VIEW) -> Rates:
    return next(rates for rates in figures.overall if rates.name == sight)


def turned(figures: Agreement) -> dict[str, int]:
    return {turn.name: turn.count for turn in figures.changes.turns if turn.count}


def test_agreement_and_override_are_shares_of_what_was_suggested_with_confidence(desk: Desk, owner: User) -> None:
    for suggested, read in (("Pre", "Pre"), ("Pre", "Pre"), ("Pre", "Pro"), ("Early", "cannot_tell")):
        desk.read(desk.suggested(suggested), owner, read)
    desk.read(desk.suggested("Pre", verdict="refer"), owner, "Pre")
    desk.read(desk.suggested("", verdict="out_of_scope"), owner, "Pre")
    rates = overall(desk.figures())
    assert (rates.count, rates.agreed, rates.other, rates.without_class) == (4, 2, 1, 1)
    assert rates.agreement is not None
    assert rates.agreement.value == 0.5


def test_the_answer_agrees_counts_by_its_class(desk: Desk, owner: User) -> None:
    desk.read(desk.suggested("Pre"), owner, "Pre", answer="agree")
    assert overall(desk.figures()).agreed == 1


def test_kappa_is_of_suggested_and_read_class(desk: Desk, owner: User) -> None:
    for suggested, read, times in (
        ("Benign", "Benign", 3),
        ("Benign", "Pre", 1),
        ("Pre", "Benign", 2),
        ("Pre", "Pre", 4),
    ):
        for _ in range(times):
            desk.read(desk.suggested(suggested), owner, read)
    kappa = overall(desk.figures()).kappa
    assert kappa is not None
    assert kappa.value == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_what_was_read_before_and_after_seeing_is_told_apart(desk: Desk, owner: User) -> None:
    desk.blinded(desk.suggested("Pre"), owner, "Pro", then="Pre")
    desk.read(desk.suggested("Pre"), owner, "Pre")
    figures = desk.figures()
    before, in_view = overall(figures, Sight.BEFORE), overall(figures, Sight.IN_VIEW)
    assert (before.count, before.agreed) == (1, 0)
    assert (in_view.count, in_view.agreed) == (2, 2)


def test_only_the_last_word_counts_with_the_suggestion_in_view(desk: Desk, owner: User) -> None:
    image = desk.suggested("Pre")
    first = desk.read(image, owner, "Pro")
    desk.read(image, owner, "Pre", replaces=first)
    rates = overall(desk.figures())
    assert (rates.count, rates.agreed) == (1, 1)


def test_unless_asked_it_shows_the_way_with_more_readings(desk: Desk, owner: User) -> None:
    desk.blinded(desk.suggested("Pre"), owner, "Pre")
    assert desk.figures(sight=None).sight is Sight.BEFORE
    for _ in range(2):
        desk.read(desk.suggested("Pre"), owner, "Pre")
    assert desk.figures(sight=None).sight is Sight.IN_VIEW


def test_it_is_told_by_month_class_and_model(desk: Desk, owner: User) -> None:
    newer = ModelVersionFactory.create(version="2", state="candidate")
    desk.read(desk.suggested("Pre"), owner, "Pre", at=JUNE)
    desk.read(desk.suggested("Early"), owner, "Pre", at=JULY)
    desk.read(desk.suggested("Early", model=newer), owner, "Early", at=JULY)
    figures = desk.figures()
    assert [(one.name, one.count, one.agreed) for one in figures.by_month] == [
        ("2026-06-01", 1, 1),
        ("2026-07-01", 2, 1),
    ]
    assert {one.name: (one.count, one.agreed) for one in figures.by_class if one.count} == {
        "Pre": (1, 1),
        "Early": (2, 1),
    }
    assert [(one.name, one.count) for one in figures.by_model] == [("test model 1", 2), ("test model 2", 1)]


def test_filters_leave_out_other_months_models_and_assays(desk: Desk, owner: User, model: ModelVersion) -> None:
    tissue = Desk(CaseFactory.create(assay="breast"), ModelVersionFactory.create(assay="breast"))
    tissue.read(tissue.suggested("Benign"), owner, "Benign")
    newer = ModelVersionFactory.create(version="2", state="candidate")
    desk.read(desk.suggested("Pre"), owner, "Pre", at=JUNE)
    desk.read(desk.suggested("Pre", model=newer), owner, "Pre", at=JULY)
    assert overall(desk.figures()).count == 2
    assert overall(desk.figures(until=date(2026, 6, 1))).count == 1
    assert overall(desk.figures(since=date(2026, 8, 1))).count == 0
    assert overall(desk.figures(models={model.pk: model})).count == 1
    assert overall(desk.figures(assay="breast")).count == 1


def test_the_matrix_holds_what_was_suggested_and_read(desk: Desk, owner: User) -> None:
    desk.read(desk.suggested("Pre"), owner, "Pro")
    desk.read(desk.suggested("Pre", verdict="refer"), owner, "Benign")
    desk.read(desk.suggested("", verdict="out_of_scope"), owner, "unsuitable")
    matrix = desk.figures().matrix
    found = {(said, read): n for said, cells in matrix.cells for read, n in cells if n}
    assert found == {("Pre", "Pro"): 1, ("refer", "Benign"): 1, ("out_of_scope", "unsuitable"): 1}


def test_withdrawn_images_and_readings_without_a_suggestion_count_nowhere(desk: Desk, owner: User, case: Case) -> None:
    image = desk.suggested("Pre")
    desk.blinded(image, owner, "Pre")
    withdraw(image)
    ReadingFactory.create(image=ImageFactory.create(case=case), reader=owner)
    figures = desk.figures()
    assert figures.is_empty
    assert (figures.changes.measured, figures.changes.without_reference, figures.durations[0].count) == (0, 0, 0)


def test_switches_are_measured_by_the_class_on_which_the_others_agree(
    desk: Desk, owner: User, colleague: User, stranger: User
) -> None:
    for first, then, others in (
        ("Pro", "Pre", ("Pre", "Pre")),  # to right
        ("Pre", "Pro", ("Pre",)),  # to wrong
        ("Pro", "Early", ("Pre",)),  # wrong to wrong
        ("Pre", "", ("Pre",)),  # stayed right
        ("Pro", "", ("Pre",)),  # stayed wrong
        ("Pro", "Pre", ("Pre", "Early")),  # they differ
        ("Pro", "Pre", ("cannot_tell",)),  # no class
        ("Pro", "", ()),  # nobody else
    ):
        image = desk.suggested("Pre")
        desk.blinded(image, owner, first, then)
        for reader, label in zip((colleague, stranger), others, strict=False):
            desk.read(image, reader, label, role="second")
    figures = desk.figures()
    assert turned(figures) == dict.fromkeys(("to_right", "to_wrong", "still_wrong", "stayed_right", "stayed_wrong"), 1)
    changes = figures.changes
    assert (changes.measured, changes.without_reference, changes.changed_without_reference) == (5, 3, 2)


def test_an_adjudication_by_another_goes_before_what_the_others_say(
    desk: Desk, owner: User, colleague: User, stranger: User
) -> None:
    image = desk.suggested("Pre")
    desk.blinded(image, owner, "Pro", then="Pre")
    desk.read(image, colleague, "Pre", role="second")
    desk.read(image, stranger, "Pro", role="adjudication")
    assert turned(desk.figures()) == {"to_wrong": 1}


def test_nobody_is_measured_by_their_own_words(desk: Desk, owner: User) -> None:
    image = desk.suggested("Pre")
    desk.blinded(image, owner, "Pro", then="Pre")
    desk.read(image, owner, "Pre", role="adjudication")
    assert turned(desk.figures()) == {}


def test_only_the_others_last_words_measure(desk: Desk, owner: User, colleague: User) -> None:
    image = desk.suggested("Pre")
    desk.blinded(image, owner, "Pro")
    first = desk.read(image, colleague, "Pro", role="second")
    desk.read(image, colleague, "Pre", role="second", replaces=first)
    assert turned(desk.figures()) == {"stayed_wrong": 1}


def test_time_runs_to_the_first_word_and_is_capped(desk: Desk, owner: User) -> None:
    for taking in (10, 20, 30, 7200):
        first = desk.read(desk.suggested("Pre"), owner, "Pre", taking=taking)
    desk.read(first.image, owner, "Pro", replaces=first, taking=1)
    seconds = desk.figures().durations[0].seconds
    assert seconds is not None
    assert (seconds.low, seconds.median, seconds.high, seconds.count) == (10, 20, 30, 4)
    assert max(one.seconds for one in counts_of(Reading.objects.all()).times) == 600


def test_of_few_readings_no_share_is_told(desk: Desk, owner: User, settings: Settings, owner_client: Client) -> None:
    settings.AGREEMENT_FEWEST_READINGS = 3
    for _ in range(2):
        desk.blinded(desk.suggested("Pre"), owner, "Pre")
    figures = desk.figures()
    assert not any(rates.is_enough for rates in figures.overall)
    assert figures.durations[0].seconds is None
    page = owner_client.get("/agreement/mine/").content.decode()
    assert "too few to say" in page
    assert "data-value" not in page


def doctors(number: int, case: Case) -> list[User]:
    people = [UserFactory.create(full_name=f"Doctor Nr{next(numbers)}") for _ in range(number)]
    for person in people:
        add_to_care_team(case.patient, person)
    return people


def test_what_too_few_doctors_read_is_left_out_of_every_figure(desk: Desk, case: Case) -> None:
    many, few = doctors(5, case), doctors(4, case)
    for reader in many:
        desk.read(desk.suggested("Pre"), reader, "Pre", at=JUNE)
    for reader in (*few, few[0], few[0]):  # four doctors, six readings
        desk.read(desk.suggested("Pre"), reader, "Pro", at=JULY)
        desk.read(desk.suggested("Early"), reader, "Pro", at=JUNE)
        desk.blinded(desk.suggested("Pre"), reader, "Pro", at=JUNE)
    counts = counts_of_enough(Reading.objects.all(), doctors=5)
    assert [(one.group.suggested, one.group.month, one.result, one.count) for one in counts.pairs] == [
        ("Pre", date(2026, 6, 1), "Pre", 5)
    ]
    assert counts.turns == []
    assert {one.month for one in counts.times} == {date(2026, 6, 1)}


def test_no_sum_less_another_gives_away_what_is_left_out(desk: Desk, case: Case, web: Callable[[str], Client]) -> None:
    for reader in doctors(5, case):
        desk.read(desk.suggested("Pre"), reader, "Pre", at=JUNE)
    desk.read(desk.suggested("Early"), doctors(1, case)[0], "Pro", at=JUNE)
    client = web("administrator")
    for query in ("", "?since=2026-06", "?since=2026-06&until=2026-06&assay=leukemia&sight=in_view"):
        figures: Agreement = client.get(f"/agreement/{query}").context["figures"]
        for rates in (overall(figures), figures.by_month[0], figures.by_model[0]):
            assert (rates.count, rates.agreed) == (5, 5)
        assert sum(sum(row) for _, row in figures.matrix.rows) == 5


def test_administrators_see_no_doctor_and_no_patient(desk: Desk, case: Case, web: Callable[[str], Client]) -> None:
    people = doctors(5, case)
    for reader in people:
        desk.read(desk.suggested("Pre"), reader, "Pre")
    client = web("administrator")
    for address in ("/agreement/", "/agreement/export.csv"):
        answer = client.get(address)
        said = b"".join(answer).decode() if answer.streaming else answer.content.decode()
        assert "Pre" in said
        hidden = [person.full_name for person in people]
        hidden += [str(case.patient_id), case.patient.family_name, case.patient.record_number, str(case.pk)]
        for secret in hidden:
            assert secret not in said


def test_a_doctor_sees_their_own_readings_alone(
    desk: Desk, owner: User, colleague: User, owner_client: Client, web: Callable[[str], Client]
) -> None:
    desk.read(desk.suggested("Pre"), owner, "Pre")
    for _ in range(3):
        desk.read(desk.suggested("Pre"), colleague, "Pro")
    rates = overall(owner_client.get("/agreement/mine/").context["figures"])
    assert (rates.count, rates.agreed) == (1, 1)
    assert overall(web("colleague").get("/agreement/mine/").context["figures"]).count == 3


def test_readings_of_patients_that_a_doctor_looks_after_no_more_do_not_count(
    desk: Desk, stranger: User, stranger_client: Client
) -> None:
    desk.read(desk.suggested("Pre"), stranger, "Pre")
    assert stranger_client.get("/agreement/mine/").context["figures"].is_empty


def test_nothing_withheld_comes_out_of_a_doctors_own_figures(
    desk: Desk, owner: User, colleague: User, web: Callable[[str], Client]
) -> None:
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=owner)
    unread, asked = desk.suggested("Pre"), desk.suggested("Pre")
    desk.read(unread, owner, "Pre")
    desk.blinded(asked, colleague, "Pro")
    ReadingRequest.objects.create(image=asked, kind="second", asked_of=colleague, asked_by=owner)
    assert web("colleague").get("/agreement/mine/").context["figures"].is_empty


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("assay=astrology", "Choose one of these."),
        ("model=nonsense", "Choose one of these."),
        ("since=2026-13", "Enter a month, for example 2026-03."),
        ("since=2026-07&until=2026-06", "The first month lies after the last."),
        ("assay=breast&model={model}", "This model is for another examination."),
        ("sight=" + "x" * 3000, "Choose one of these."),
    ],
)
@pytest.mark.parametrize("address", ["/agreement/mine/", "/agreement/mine/export.csv"])
def test_what_cannot_be_filtered_is_said_in_a_sentence(
    owner_client: Client, model: ModelVersion, address: str, query: str, sentence: str
) -> None:
    answer = owner_client.get(f"{address}?{query.format(model=model.pk)}")
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_without_readings_it_says_what_to_do(owner_client: Client, web: Callable[[str], Client]) -> None:
    assert "As soon as you have read images" in owner_client.get("/agreement/mine/").content.decode()
    assert "Nothing to count" in web("administrator").get("/agreement/").content.decode()


def test_the_file_holds_the_figures_of_the_page(desk: Desk, owner: User, owner_client: Client) -> None:
    for read in ("Pre", "Pre", "Pro"):
        desk.read(desk.suggested("Pre"), owner, read)
    lines = b"".join(owner_client.get("/agreement/mine/export.csv")).decode()
    rows = [dict(row) for row in csv.DictReader(StringIO(lines))]
    agreed = next(row for row in rows if row["Table"] == "By model" and row["Figure"] == "Agreed")
    assert (agreed["Row"], agreed["Count"], agreed["Of"], agreed["Value"]) == ("test model 1", "2", "3", "0.6667")
    matrix = {(row["Row"], row["Figure"]): row["Count"] for row in rows if row["Table"] == "Suggested and read"}
    assert (matrix["Pre", "Pre"], matrix["Pre", "Pro"]) == ("2", "1")


@pytest.mark.parametrize(
    ("address", "action", "who"),
    [
        ("/agreement/", "agreement.viewed", "administrator"),
        ("/agreement/export.csv", "agreement.exported", "administrator"),
        ("/agreement/mine/", "agreement.viewed", "owner"),
        ("/agreement/mine/export.csv", "agreement.exported", "owner"),
    ],
)
def test_looks_are_on_record(
    web: Callable[[str], Client], request: pytest.FixtureRequest, address: str, action: str, who: str
) -> None:
    web(who).get(address)
    event = AuditEvent.objects.get(action=action)
    assert event.actor == request.getfixturevalue(who)
    assert event.detail == {"own": who == "owner"}


def test_the_figures_of_all_are_kept_and_counted_afresh_by_the_clock(desk: Desk, case: Case) -> None:
    assert not counts_of_all().pairs
    for reader in doctors(5, case):
        desk.read(desk.suggested("Pre"), reader, "Pre")
    assert not counts_of_all().pairs
    count_agreement()
    assert counts_of_all().pairs


def test_it_takes_as_many_queries_for_many_readings_as_for_few(
    desk: Desk, owner: User, owner_client: Client, django_assert_num_queries: Callable[[int], Any]
) -> None:
    desk.read(desk.suggested("Pre"), owner, "Pre")
    queries = 9  # session, person, emergencies, pairs, turns, times, models; audit; notices
    with django_assert_num_queries(queries):
        owner_client.get("/agreement/mine/")
    for at in (JUNE, JULY):
        desk.blinded(desk.suggested("Early"), owner, "Pre", at=at)
    with django_assert_num_queries(queries):
        owner_client.get("/agreement/mine/")


def test_a_page_of_all_asks_for_no_reading(
    case: Case, administrator: User, web: Callable[[str], Client], django_assert_num_queries: Callable[[int], Any]
) -> None:
    count_all()
    client = web("administrator")
    with django_assert_num_queries(5):  # session, person, the kept sums, models; audit
        client.get("/agreement/")


def test_the_fewest_doctors_are_never_less_than_three(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib  # noqa: PLC0415

    from clinic.settings import agreement  # noqa: PLC0415

    monkeypatch.setenv("AGREEMENT_FEWEST_DOCTORS", "1")
    assert importlib.reload(agreement).AGREEMENT_FEWEST_DOCTORS == 3
    monkeypatch.undo()
    assert importlib.reload(agreement).AGREEMENT_FEWEST_DOCTORS == 5


def test_people_who_are_no_doctors_are_not_shown_another_page(web: Callable[[str], Client]) -> None:
    for who, address in (("auditor", "/agreement/"), ("owner", "/agreement/"), ("administrator", "/agreement/mine/")):
        assert web(who).get(address).status_code == 403
