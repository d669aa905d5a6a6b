"""People, patients and cases for the tests."""

from datetime import date

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from factory.django import DjangoModelFactory

from clinic.models import CareTeamMembership, Patient, Role, User
from diagnosis.models import Case, ModelState, ModelVersion
from mlcore.overlays import encode_png
from mlcore.synthetic import draw

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@clinic.example")
    full_name = factory.Sequence(lambda number: f"Person {number}")
    role = Role.DOCTOR

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None) -> None:  # noqa: FBT001  factory_boy's signature
        self.set_password(extracted or PASSWORD)
        self.save()


class PatientFactory(DjangoModelFactory[Patient]):
    class Meta:
        model = Patient

    record_number = factory.Sequence(lambda number: f"MRN-{number:05}")
    family_name = factory.Sequence(lambda number: f"Family{number}")
    given_name = "Given"
    birth_date = date(1970, 1, 2)
    created_by = factory.SubFactory(UserFactory)


class CaseFactory(DjangoModelFactory[Case]):
    class Meta:
        model = Case

    patient = factory.SubFactory(PatientFactory)
    assay = "leukemia"
    specimen_date = date(2026, 1, 2)
    created_by = factory.SelfAttribute("patient.created_by")


class ModelVersionFactory(DjangoModelFactory[ModelVersion]):
    """A row of the registry alone, for tests in which no model runs."""

    class Meta:
        model = ModelVersion

    assay = "leukemia"
    name = "test model"
    version = "1"
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    manifest: factory.Dict = factory.Dict({})
    state = ModelState.ACTIVE


def add_to_care_team(patient: Patient, user: User) -> None:
    """Put `user` on the patient's care team."""
    CareTeamMembership.objects.create(patient=patient, user=user, added_by=user)


def drawn_png(*, assay: str = "leukemia", kind: str = "Benign", seed: int = 0) -> bytes:
    """A drawn image of an assay as the bytes of a PNG file."""
    return encode_png(draw(assay, kind, seed))


def upload(*, name: str = "field.png", content: bytes | None = None, seed: int = 0) -> SimpleUploadedFile:
    """A file as Django's upload handlers deliver it."""
    return SimpleUploadedFile(name, drawn_png(seed=seed) if content is None else content)
