"""What administrators change about people."""

import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from clinic.models import AuditEvent, Patient, Role, User
from clinic.services.people import change_role, deactivate_person, reactivate_person
from tests.clinic.second_steps import give_app
from tests.factories import PASSWORD, PatientFactory, UserFactory, add_to_care_team

Web = Callable[[str], Client]


def page_of(person: User) -> str:
    return f"/people/{person.pk}/"


def test_the_list_shows_everybody_and_how_things_stand(web: Web, owner: User, auditor: User) -> None:
    give_app(owner)
    User.objects.filter(pk=auditor.pk).update(is_active=False)
    page = web("administrator").get("/people/").content.decode()
    assert "Olivia Owner" in page
    assert "Deactivated" in page
    assert "set up" in page


def test_the_search_finds_parts_of_names_and_addresses(web: Web, owner: User, stranger: User) -> None:
    client = web("administrator")
    assert "Stella" not in client.post("/people/", {"query": "livia"}).content.decode()
    assert "Stella" in client.post("/people/", {"query": stranger.email[:8]}).content.decode()
    assert "Nobody matches" in client.post("/people/", {"query": "zzzz"}).content.decode()


def test_the_list_has_pages_and_takes_as_many_statements_for_many_people(
    web: Web, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = web("administrator")
    with django_assert_num_queries(4):  # session, person, count, page
        client.get("/people/")
    UserFactory.create_batch(60)
    with django_assert_num_queries(4):
        assert "Page 1 of 2" in client.get("/people/").content.decode()
    assert "Page 2 of 2" in client.post("/people/", {"page": "2"}).content.decode()


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_nobody_else_sees_or_changes_people(web: Web, owner: User, auditor: User, who: str) -> None:
    client = web(who)
    for address in ("/people/", "/people/invite/", page_of(owner)):
        assert client.get(address).status_code == 403
    for act in ("role/", "deactivate/", "reactivate/", "link/", "second-step/reset/"):
        assert client.post(page_of(owner) + act, {"role": "administrator"}).status_code == 403
    for service in (deactivate_person, reactivate_person):
        with pytest.raises(PermissionDenied):
            service(person=owner, **{f"{service.__name__.split('_')[0]}d_by": auditor})


def test_an_invitation_goes_by_mail_and_the_link_is_shown_once(web: Web) -> None:
    client = web("administrator")
    entries = {"email": "new@clinic.example", "full_name": "Nora New", "role": "doctor"}
    page = client.post("/people/invite/", entries).content.decode()
    assert "http://testserver/invitation/" in page
    assert mail.outbox[0].to == ["new@clinic.example"]
    assert "http://testserver/invitation/" in str(mail.outbox[0].body)
    person = User.objects.get(email="new@clinic.example")
    shown = client.get(page_of(person)).content.decode()
    assert "Invited" in shown
    assert "testserver/invitation" not in shown


def test_without_mail_the_administrator_hands_the_link_over(web: Web, settings: Settings) -> None:
    settings.SENDS_EMAIL = False
    entries = {"email": "new@clinic.example", "full_name": "Nora New", "role": "doctor"}
    page = web("administrator").post("/people/invite/", entries).content.decode()
    assert "No mail was sent." in page
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"email": ""}, "Enter the email address."),
        ({"email": "not an address"}, "Enter a valid email address."),
        ({"full_name": ""}, "Enter the name."),
        ({"role": "king"}, "Select a valid choice"),
    ],
)
def test_an_unfit_invitation_is_told_beside_the_field(web: Web, entries: dict[str, str], sentence: str) -> None:
    good = {"email": "new@clinic.example", "full_name": "Nora New", "role": "doctor"}
    answer = web("administrator").post("/people/invite/", good | entries)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_a_taken_address_is_told_in_one_sentence(web: Web, owner: User) -> None:
    entries = {"email": owner.email.upper(), "full_name": "Nora New", "role": "doctor"}
    answer = web("administrator").post("/people/invite/", entries)
    assert answer.status_code == 400
    assert "already" in answer.content.decode()


def test_the_pages_change_what_they_say(web: Web, owner: User, administrator: User) -> None:
    client = web("administrator")
    assert client.post(page_of(owner) + "role/", {"role": "auditor"})["Location"] == page_of(owner)
    client.post(page_of(owner) + "deactivate/")
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == ("auditor", False)
    client.post(page_of(owner) + "reactivate/")
    owner.refresh_from_db()
    assert owner.is_active
    assert "The change is made." in client.get(page_of(owner)).content.decode()
    told = AuditEvent.objects.filter(actor=administrator, subject_id=str(owner.pk)).order_by("pk")
    assert [event.action for event in told] == ["person.role_changed", "person.deactivated", "person.reactivated"]
    assert told[0].detail == {"before": "doctor", "after": "auditor"}


def test_it_warns_of_patients_whom_nobody_else_looks_after(
    web: Web, owner: User, patient: Patient, stranger: User
) -> None:
    client = web("administrator")
    assert "1 patient is in the care of this doctor alone" in client.get(page_of(owner)).content.decode()
    add_to_care_team(patient, stranger)
    assert "in the care of this doctor alone" not in client.get(page_of(owner)).content.decode()
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    assert "should hand them over" in client.get(page_of(owner)).content.decode()


def test_a_change_to_the_same_is_none(owner: User, administrator: User) -> None:
    change_role(person=owner, role=Role.DOCTOR, changed_by=administrator)
    reactivate_person(person=owner, reactivated_by=administrator)
    assert not AuditEvent.objects.filter(subject_id=str(owner.pk)).exists()


@pytest.mark.parametrize("act", ["role/", "deactivate/"])
def test_the_last_active_administrator_stays(web: Web, administrator: User, act: str) -> None:
    UserFactory.create(role=Role.ADMINISTRATOR, is_active=False)
    invited = UserFactory.create(role=Role.ADMINISTRATOR)
    invited.set_unusable_password()
    invited.save()
    client = web("administrator")
    client.post(page_of(administrator) + act, {"role": "doctor"})
    administrator.refresh_from_db()
    assert administrator.is_staff
    assert "last active administrator" in client.get(page_of(administrator)).content.decode()


def test_with_another_one_they_may_go(administrator: User) -> None:
    other = UserFactory.create(role=Role.ADMINISTRATOR)
    deactivate_person(person=administrator, deactivated_by=other)
    with pytest.raises(ValidationError, match="last active administrator"):
        deactivate_person(person=other, deactivated_by=other)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once() -> None:
    pair = UserFactory.create_batch(2, role=Role.ADMINISTRATOR)
    barrier = threading.Barrier(2)

    def remove(person: User, by: User) -> None:
        barrier.wait()
        try:
            deactivate_person(person=person, deactivated_by=by)
        except ValidationError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=couple) for couple in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


def test_a_deactivated_person_is_refused_at_once(web: Web, owner: User, administrator: User) -> None:
    client = web("owner")
    deactivate_person(person=owner, deactivated_by=administrator)
    assert client.get("/patients/").status_code == 302
    assert Client().post("/sign-in/", {"username": owner.email, "password": PASSWORD}).status_code == 400


def test_who_has_acted_is_never_deleted_not_even_in_raw_sql(owner: User) -> None:
    Client().post("/sign-in/", {"username": owner.email, "password": PASSWORD})
    assert AuditEvent.objects.filter(actor=owner).exists()
    with pytest.raises(ProtectedError):
        owner.delete()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM clinic_user WHERE id = %s", [owner.pk])
    assert User.objects.filter(pk=owner.pk).exists()


def test_who_registered_a_patient_is_never_deleted(owner: User) -> None:
    PatientFactory.create(created_by=owner)
    with pytest.raises(ProtectedError):
        owner.delete()


@pytest.mark.parametrize("address", ["/people/invite/", "/people/{pk}/"])
def test_no_page_lets_an_administrator_choose_a_password(web: Web, owner: User, address: str) -> None:
    page = web("administrator").get(address.format(pk=owner.pk)).content.decode()
    assert 'type="password"' not in page


def test_a_name_from_outside_runs_nothing(web: Web, administrator: User) -> None:
    UserFactory.create(full_name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in web("administrator").get("/people/").content.decode()
