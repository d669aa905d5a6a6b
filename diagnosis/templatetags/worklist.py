"""A row of the worklist in words."""

from collections.abc import Sequence

from django import template

from diagnosis.models import CaseStanding
from diagnosis.selectors.worklist import WorklistRow
from diagnosis.views.worklist_words import Due, due_of, words_of_finished

register = template.Library()


@register.filter
def due(row: WorklistRow) -> Sequence[Due]:
    """What is to be done about the case."""
    return due_of(row)


register.filter("finished_words", words_of_finished)


@register.filter
def analysed(standing: CaseStanding) -> int:
    """How many images are past their analysis."""
    return standing.images - standing.pending
