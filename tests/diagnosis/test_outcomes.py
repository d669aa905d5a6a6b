"""What readings come to: the rules for an image and for a case."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from diagnosis.models import Reading
from diagnosis.selectors.outcomes import ImageOutcome, Standing, outcome_of_image, result_of_case, worst_first
from mlcore.assays import get_assay

minutes = count()


def reading(result: str, role: str = "first") -> Reading:
    """A current reading; each is later than the one before."""
    is_class = result not in {"cannot_tell", "unsuitable"}
    return Reading(
        answer="own_class" if is_class else result,
        label=result if is_class else "",
        role=role,
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(minutes)),
    )


def test_an_image_without_a_reading_is_unread() -> None:
    assert outcome_of_image([]) == ImageOutcome(Standing.UNREAD)


def test_the_earliest_of_those_that_agree_leads() -> None:
    first, second = reading("Pre"), reading("Pre", "second")
    assert outcome_of_image([second, first]) == ImageOutcome(Standing.SETTLED, first)


def test_doctors_who_differ_leave_it_open() -> None:
    assert outcome_of_image([reading("Pre"), reading("Pro", "second")]).standing is Standing.DISAGREEMENT
    assert outcome_of_image([reading("Pre"), reading("cannot_tell")]).standing is Standing.DISAGREEMENT


def test_an_adjudication_leads_whatever_the_others_say() -> None:
    decided = reading("Early", "adjudication")
    assert outcome_of_image([reading("Pre"), reading("Pro", "second"), decided]) == ImageOutcome(
        Standing.SETTLED, decided
    )


@pytest.mark.parametrize(
    ("results", "leads"),
    [
        (["Benign", "Early", "Pre"], "Pre"),
        (["Benign", "cannot_tell"], "cannot_tell"),
        (["cannot_tell", "Early"], "Early"),
        (["unsuitable", "Benign"], "Benign"),
        (["unsuitable"], "unsuitable"),
        ([], ""),
    ],
)
def test_the_worst_reading_leads_a_case(results: list[str], leads: str) -> None:
    outcomes = [outcome_of_image([reading(result)]) for result in results]
    assert result_of_case(get_assay("leukemia"), [*outcomes, ImageOutcome(Standing.UNREAD)]) == leads


def test_every_result_has_its_place() -> None:
    assert worst_first(get_assay("breast")) == ["Malignant", "cannot_tell", "Benign", "unsuitable"]
