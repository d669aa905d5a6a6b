"""What the worklist holds, in which order, and how it is cut into pages."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from clinic.models import Patient, User
from clinic.services.emergency_access import end_emergency_access, open_in_emergency
from diagnosis.models import (
    AnalysisState,
    AssayPolicy,
    Case,
    CaseStanding,
    Confirmation,
    ReadingDraft,
    ReadingRequest,
    Report,
    RequestKind,
    RequestState,
    SlideImage,
    Verdict,
)
from diagnosis.selectors import worklist as selector
from diagnosis.selectors.keyset import Place, Section, page_after, page_before, place_from
from diagnosis.selectors.worklist import Tab, Worklist, worklist
from diagnosis.selectors.worklist_filters import Filters
from tests.factories import (
    AnalysisFactory,
    CaseFactory,
    ImageFactory,
    ModelVersionFactory,
    PredictionFactory,
    ReadingFactory,
)

NO_FILES = dict.fromkeys(["mask_sha256", "outline_sha256", "map_sha256"], "0" * 64)
FAILED = {"state": AnalysisState.FAILED, "failure_code": "x", "failure_message": "y"}
NewCase = Callable[..., Case]


@pytest.fixture
def model(db: None) -> Any:
    return ModelVersionFactory.create()


@pytest.fixture
def analysed(patient: Patient, model: Any) -> NewCase:
    """A case of the owner's patient with one analysed image; `prediction` says what came of it."""

    def make(*, images: int = 1, prediction: dict[str, Any] | None = None, **fields: Any) -> Case:
        case = CaseFactory.create(patient=patient, **fields)
        for _ in range(images):
            PredictionFactory.create(
                analysis__image=ImageFactory.create(case=case),
                analysis__model_version=model,
                **{**NO_FILES, "malignant_probability": 0.1} | (prediction or {}),
            )
        return case

    return make


def asked(case: Case, *, of: User | None, by: User | None = None, kind: RequestKind = RequestKind.SECOND) -> None:
    ReadingRequest.objects.create(image=case.images.earliest("created_at"), kind=kind, asked_of=of, asked_by=by)


def sign(case: Case, person: User) -> Report:
    return Report.objects.create(
        case=case, content={}, content_digest="0" * 64, signed_by=person, confirmed_by=Confirmation.PASSWORD
    )


def listed(person: User, tab: Tab = Tab.TO_READ, **filters: Any) -> list[Case]:
    found = worklist(person=person, tab=tab, filters=Filters(**filters))
    return [row.standing.case for row in found.rows]


def where(person: User, case: Case) -> list[str]:
    return [tab.value for tab in Tab if case in listed(person, tab)]


def test_a_case_is_to_read_once_an_image_is_past_its_analysis(case: Case, model: Any, owner: User) -> None:
    analysis = AnalysisFactory.create(image=ImageFactory.create(case=case), model_version=model)
    assert where(owner, case) == ["mine"]
    type(analysis).objects.filter(pk=analysis.pk).update(state="cancelled", finished_at=timezone.now())
    assert where(owner, case) == ["to-read", "mine"]


def test_an_image_that_failed_is_to_read_too(case: Case, model: Any, owner: User) -> None:
    image = ImageFactory.create(case=case)
    AnalysisFactory.create(image=image, model_version=model, finished_at=timezone.now(), **FAILED)
    assert where(owner, case) == ["to-read", "failed", "mine"]


def test_it_goes_on_to_be_signed_and_is_done_until_something_is_added(analysed: NewCase, owner: User) -> None:
    case = analysed()
    first = ReadingFactory.create(image=case.images.get(), reader=owner)
    assert where(owner, case) == ["to-sign", "mine"]
    sign(case, owner)
    assert where(owner, case) == ["done"]
    ReadingFactory.create(image=first.image, reader=owner, replaces=first, change_reason="seen again")
    assert where(owner, case) == ["to-sign", "mine"]


def test_what_a_colleague_has_read_is_not_to_read_again(analysed: NewCase, owner: User, colleague: User) -> None:
    case = analysed()
    ReadingFactory.create(image=case.images.get(), reader=colleague)
    assert where(owner, case) == ["to-sign", "mine"]
    assert where(colleague, case) == ["to-sign", "mine"]


def test_strangers_have_none_of_it(analysed: NewCase, stranger: User, owner: User) -> None:
    case = analysed()
    asked(case, of=stranger, by=owner)  # who has left the team meanwhile
    found = worklist(person=stranger, tab=Tab.TO_READ, filters=Filters())
    assert (where(stranger, case), set(found.counts.values())) == ([], {0})


def test_who_is_asked_sees_it_above_all_and_nobody_else(analysed: NewCase, owner: User, colleague: User) -> None:
    emergency, case = analysed(urgency="emergency"), analysed()
    ReadingFactory.create(image=case.images.get(), reader=owner)
    asked(case, of=colleague, by=owner)
    assert listed(colleague) == [case, emergency]
    assert where(colleague, case) == ["to-read", "mine"]
    assert listed(owner) == [emergency]
    ReadingRequest.objects.update(state=RequestState.DONE, closed_at=timezone.now())
    assert where(colleague, case) == ["to-sign"]


def test_an_adjudication_of_nobody_by_name_is_for_who_has_not_read(
    analysed: NewCase, owner: User, colleague: User
) -> None:
    case = analysed()
    ReadingFactory.create(image=case.images.get(), reader=owner)
    asked(case, of=None, kind=RequestKind.ADJUDICATION)
    assert where(colleague, case) == ["to-read"]
    assert where(owner, case) == ["mine"]


def test_a_request_about_a_withdrawn_image_is_nobodys(analysed: NewCase, owner: User, colleague: User) -> None:
    case = analysed()
    asked(case, of=colleague, by=owner)
    SlideImage.objects.update(withdrawn_at=timezone.now(), withdrawn_by=owner, withdrawal_reason="other")
    assert where(colleague, case) == []


def test_mine_is_what_one_opened_or_began_to_read(analysed: NewCase, colleague: User) -> None:
    case = analysed()
    assert listed(colleague, Tab.MINE) == []
    ReadingDraft.objects.create(image=case.images.get(), reader=colleague)
    assert listed(colleague, Tab.MINE) == [case]


def test_the_order_is_urgency_then_doubt_then_age(analysed: NewCase, owner: User) -> None:
    routine, old = analysed(), analysed(specimen_date=date(2025, 1, 1))
    malignant = analysed(prediction={"malignant_probability": 0.5})
    referred = analysed(prediction={"verdict": Verdict.REFER})
    unknown = analysed(prediction={"verdict": Verdict.OUT_OF_SCOPE, "label": ""}, specimen_date=date(2025, 1, 1))
    urgent, emergency = analysed(urgency="urgent"), analysed(urgency="emergency")
    assert listed(owner) == [emergency, urgent, unknown, referred, malignant, old, routine]


def test_what_was_read_raises_no_doubt_any_more(analysed: NewCase, owner: User) -> None:
    plain = analysed()
    referred = analysed(images=2, prediction={"verdict": Verdict.REFER}, specimen_date=date(2026, 1, 3))
    assert listed(owner) == [referred, plain]
    for image in referred.images.all():
        ReadingFactory.create(image=image, reader=owner)
    assert listed(owner) == [plain]


def test_where_reading_is_blinded_neither_order_nor_filter_tells_the_suggestion(
    analysed: NewCase, owner: User, administrator: User
) -> None:
    plain = analysed()
    referred = analysed(prediction={"verdict": Verdict.REFER}, specimen_date=date(2026, 1, 3))
    assert listed(owner) == [referred, plain]
    assert listed(owner, verdict="refer") == [referred]
    AssayPolicy.objects.create(assay="leukemia", blinded_first_read=True, changed_by=administrator)
    assert listed(owner) == [plain, referred]
    assert [listed(owner, verdict=verdict) for verdict in Verdict.values] == [[], [], []]
    ReadingFactory.create(image=referred.images.get(), reader=owner)
    assert listed(owner, Tab.TO_SIGN, verdict="refer") == [referred]


def test_a_second_reader_learns_nothing_from_the_order(analysed: NewCase, owner: User, colleague: User) -> None:
    plain = analysed()
    referred = analysed(prediction={"verdict": Verdict.REFER}, specimen_date=date(2026, 1, 3))
    for case in (plain, referred):
        asked(case, of=colleague, by=owner)
    assert listed(colleague) == [plain, referred]
    assert listed(colleague, verdict="refer") == []
    assert listed(owner, verdict="refer") == [referred]


def test_a_second_reader_finds_a_case_by_an_image_that_is_not_withheld(
    analysed: NewCase, owner: User, colleague: User
) -> None:
    referred = analysed(images=2, prediction={"verdict": Verdict.REFER})
    asked(referred, of=colleague, by=owner)  # about one of the two
    assert listed(colleague, verdict="refer") == [referred]


def test_filters_narrow_list_and_counts(analysed: NewCase, tissue_case: Case, model: Any, owner: User) -> None:
    first = analysed(specimen_date=date(2026, 1, 2), urgency="urgent")
    analysed(specimen_date=date(2026, 1, 5))
    other = ModelVersionFactory.create(state="retired")
    assert listed(owner, urgency="urgent") == [first]
    assert listed(owner, since=date(2026, 1, 1), until=date(2026, 1, 2)) == [first]
    assert listed(owner, Tab.MINE, assay="breast") == [tissue_case]
    assert len(listed(owner, model=model.pk)) == 2
    assert listed(owner, model=other.pk) == []
    counts = worklist(person=owner, tab=Tab.DONE, filters=Filters(urgency="urgent")).counts
    assert dict(counts) == {Tab.TO_READ: 1, Tab.TO_SIGN: 0, Tab.FAILED: 0, Tab.CHANGED: 0, Tab.MINE: 1, Tab.DONE: 0}


def test_it_says_how_many_images_the_doctor_has_read(analysed: NewCase, owner: User, colleague: User) -> None:
    case = analysed(images=3)
    first, second, _ = case.images.all()
    old = ReadingFactory.create(image=first, reader=owner)
    ReadingFactory.create(image=first, reader=owner, replaces=old, change_reason="seen again")
    ReadingFactory.create(image=second, reader=colleague)
    (row,) = worklist(person=owner, tab=Tab.TO_READ, filters=Filters()).rows
    assert (row.read_by_me, row.standing.unread) == (1, 1)


def test_counts_end_where_more_makes_no_difference(
    analysed: NewCase, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "COUNTED_TO", 2)
    for _ in range(3):
        analysed()
    assert worklist(person=owner, tab=Tab.TO_READ, filters=Filters()).counts[Tab.TO_READ] == 2


def test_counts_of_a_search_are_those_of_the_list(analysed: NewCase, owner: User, colleague: User) -> None:
    """Few cases are counted all at once, very many tab by tab."""
    unread, asked_of_them, half_read, done = analysed(), analysed(images=2), analysed(images=2), analysed()
    asked(asked_of_them, of=colleague, by=owner)
    asked(done, of=None, kind=RequestKind.ADJUDICATION)
    for case in (asked_of_them, half_read, done):
        ReadingFactory.create(image=case.images.first(), reader=owner)
    sign(done, owner)
    by_name = Filters(patients=Patient.objects.filter(pk=unread.patient_id))
    for person in (owner, colleague):
        listed_all = worklist(person=person, tab=Tab.TO_READ, filters=Filters())
        assert worklist(person=person, tab=Tab.TO_READ, filters=by_name).counts == listed_all.counts
        for tab in Tab:
            assert len(listed(person, tab)) == listed_all.counts[tab], tab


def pages(person: User, tab: Tab = Tab.TO_READ) -> list[Worklist]:
    found = [worklist(person=person, tab=tab, filters=Filters())]
    while (older := found[-1].page.older) is not None:
        found.append(worklist(person=person, tab=tab, filters=Filters(), after=str(older)))
    return found


def cases_of(page: Worklist) -> list[Case]:
    return [row.standing.case for row in page.rows]


@pytest.mark.parametrize("tab", [Tab.TO_READ, Tab.DONE])
def test_pages_follow_one_another_and_lead_back(
    analysed: NewCase, owner: User, colleague: User, monkeypatch: pytest.MonkeyPatch, tab: Tab
) -> None:
    monkeypatch.setattr(selector, "PAGE_SIZE", 2)
    cases = [analysed(specimen_date=date(2026, 1, day)) for day in range(1, 8)]
    for case in cases[4:]:
        asked(case, of=colleague, by=owner)
    expected = [*cases[4:], *cases[:4]]
    if tab is Tab.DONE:
        for case in cases:
            sign(case, owner)
        expected = cases[::-1]
    found = pages(colleague, tab)
    assert [case for page in found for case in cases_of(page)] == expected
    assert (found[0].page.newer, len(found)) == (None, 4)
    back = [worklist(person=colleague, tab=tab, filters=Filters(), before=str(one.page.newer)) for one in found[1:]]
    assert [cases_of(page) for page in back] == [cases_of(page) for page in found[:-1]]


def test_what_comes_in_meanwhile_neither_hides_a_case_nor_shows_it_twice(
    analysed: NewCase, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "PAGE_SIZE", 2)
    cases = [analysed(specimen_date=date(2026, 1, day)) for day in range(1, 5)]
    first = worklist(person=owner, tab=Tab.TO_READ, filters=Filters())
    analysed(urgency="emergency")
    second = worklist(person=owner, tab=Tab.TO_READ, filters=Filters(), after=str(first.page.older))
    assert cases_of(first) + cases_of(second) == cases


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "rest",
        "rest~1~2~3",
        "rest~a~2~2026-01-01~x",
        "rest~1~2~2026-99-99~" + "0" * 36,
        "~~~~~",
        "rest~\x00" * 4,
    ],
)
def test_a_place_that_is_none_gives_the_first_page(analysed: NewCase, owner: User, text: str) -> None:
    case = analysed()
    for edge in ("after", "before"):
        found = worklist(person=owner, tab=Tab.TO_READ, filters=Filters(), **{edge: text})
        assert cases_of(found) == [case]


def test_keyset_pages_of_sections_have_no_gap(analysed: NewCase, owner: User) -> None:
    cases = [analysed(specimen_date=date(2026, 1, 1) + timedelta(days=day)) for day in range(9)]
    rows = CaseStanding.objects.filter(case__patient__created_by=owner)
    sections = [
        Section("above", rows.filter(case__in=cases[6:]), ("specimen_date", "case_id")),
        Section("below", rows.filter(case__in=cases[:6]), ("specimen_date", "case_id"), is_descending=True),
    ]
    whole = [row.case_id for row in page_after(sections, None, size=100).rows]
    assert whole == [case.pk for case in [*cases[6:], *cases[5::-1]]]
    for size in range(1, 10):
        place: Place | None = None
        found: list[Any] = []
        while len(found) < len(cases):
            page = page_after(sections, place, size=size)
            found += [row.case_id for row in page.rows]
            place = page.older
        assert (found, place) == (whole, None)
        end = place_from(f"below~{cases[0].specimen_date}~{cases[0].pk}", sections)
        assert end is not None
        before = page_before(sections, end, size=size)
        assert [row.case_id for row in before.rows] == whole[:-1][-size:]


def test_cases_of_one_day_have_an_order_of_their_own(
    analysed: NewCase, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that cases have elsewhere has no part in it: pages of them would overlap."""
    monkeypatch.setattr(selector, "PAGE_SIZE", 3)
    cases = [analysed() for _ in range(8)]
    found = [case.pk for page in pages(owner) for case in cases_of(page)]
    assert found == sorted(case.pk for case in cases)


@pytest.mark.parametrize("who", ["owner", "colleague", "stranger", "administrator", "auditor"])
def test_it_shows_cases_of_just_the_patients_whom_the_person_sees(
    analysed: NewCase, request: pytest.FixtureRequest, who: str
) -> None:
    analysed()
    person: User = request.getfixturevalue(who)
    seen = CaseStanding.objects.visible_to(person).values_list("patient", flat=True)
    assert set(seen) == set(Patient.objects.visible_to(person).values_list("pk", flat=True))
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.refresh_from_db()
    assert not CaseStanding.objects.visible_to(person).exists()


def test_an_emergency_shows_them_for_its_hour(analysed: NewCase, patient: Patient, stranger: User) -> None:
    case = analysed()
    (access,) = open_in_emergency(
        doctor=stranger,
        record_number=patient.record_number,
        family_name=patient.family_name,
        reason="Brought in unconscious.",
    )
    assert listed(stranger) == [case]
    end_emergency_access(access=access, ended_by=stranger)
    assert listed(stranger) == []
