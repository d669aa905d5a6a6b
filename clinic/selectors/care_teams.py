"""Reading care teams."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import CareTeamMembership, PastMembership, Patient, Role, User

MOST_DOCTORS = 10  # shown at once: whoever is looked for by name is among them
SHORTEST_QUERY = 2


def team_of(patient: Patient) -> Sequence[CareTeamMembership]:
    """Who looks after the patient, in the order in which they came."""
    return list(
        patient.care_team_memberships.select_related("user__answered_for_by", "added_by").order_by("added_at", "id")
    )


def past_of(patient: Patient) -> Sequence[PastMembership]:
    """Who looked after the patient before, the last first."""
    return list(PastMembership.objects.filter(patient_id=patient.pk).select_related("user"))


def is_on_team(*, patient: Patient, user: User) -> bool:
    """Whether the person may act on the team itself; an emergency does not let anybody do so."""
    return patient.care_team_memberships.filter(user=user).exists()


def count_in_care_of_alone(person: User) -> int:
    """How many patients have no other active doctor on their team: they would be left with nobody."""
    others = CareTeamMembership.objects.filter(patient=OuterRef("patient"), user__in=active_doctors())
    return person.care_team_memberships.filter(~Exists(others.exclude(user=person))).count()


def active_doctors() -> QuerySet[User]:
    """Whom a patient can be entrusted to."""
    return User.objects.filter(is_active=True, role=Role.DOCTOR)


def who_can_join() -> QuerySet[User]:
    """Whom a patient can be shared with: active doctors, and programs that one of them answers for."""
    programs = User.objects.filter(is_active=True, role=Role.PROGRAM, answered_for_by__in=active_doctors())
    return User.objects.filter(Q(pk__in=active_doctors()) | Q(pk__in=programs)).select_related("answered_for_by")


def find_doctors(*, query: str, not_on: Patient | None = None) -> Sequence[User]:
    """Doctors whose name or address contains every word of `query`, and programs by their name, but for those on a
    patient's team."""
    words = query.replace("\x00", "").split()
    if len("".join(words)) < SHORTEST_QUERY:
        return []
    doctors = who_can_join()
    for word in words:
        of_people = Q(email__icontains=word) & ~Q(role=Role.PROGRAM)  # a program's is made up
        doctors = doctors.filter(Q(full_name__icontains=word) | of_people)
    if not_on:
        doctors = doctors.exclude(pk__in=not_on.care_team_memberships.values("user"))
    return list(doctors.order_by("full_name", "id")[:MOST_DOCTORS])
