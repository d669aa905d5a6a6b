"""Reading people, for administrators."""

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from clinic.models import Role, User
from clinic.selectors.second_step import has_second_step

PAGE_SIZE = 50
MOST_WORDS = 10


def people(*, query: str = "") -> QuerySet[User]:
    """Everybody whose name or address contains every word of `query`, with what administrators want to know.

    Programs are none of them.
    """
    found = (
        User.objects.exclude(role=Role.PROGRAM).select_related("invitation").annotate(has_second_step=has_second_step())
    )
    for word in query.replace("\x00", "").split()[:MOST_WORDS]:
        found = found.filter(Q(full_name__icontains=word) | Q(email__icontains=word))
    return found.order_by("full_name", "id")


def page_of_people(*, query: str = "", number: int = 1) -> "Page[User]":
    """One page of them; the last page when there are not so many."""
    return Paginator(people(query=query), PAGE_SIZE).get_page(number)
