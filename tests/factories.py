"""People, patients and cases for the tests."""

from datetime import date

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from clinic.models import CareTeamMembership, Patient, Role, User
from diagnosis.canonical import digest_of
from diagnosis.models import (
    ActivationProposal,
    Analysis,
    AnalysisState,
    Answer,
    Case,
    Confirmation,
    EvaluationState,
    ModelEvaluation,
    ModelState,
    ModelVersion,
    Prediction,
    Reading,
    Report,
    SlideImage,
    TestSet,
    Verdict,
    Why,
)
from diagnosis.selectors.report_content import basis_of
from diagnosis.selectors.report_rows import rows_of
from diagnosis.services import file_store
from diagnosis.services.signing import Seen, Words, sign_report
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


class ImageFactory(DjangoModelFactory[SlideImage]):
    """An image as it is before a worker has seen it."""

    class Meta:
        model = SlideImage

    case = factory.SubFactory(CaseFactory)
    uploaded_name = "field.png"
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    size_bytes = 1000
    file_format = "PNG"
    width = 224
    height = 224
    created_by = factory.SelfAttribute("case.created_by")


class AnalysisFactory(DjangoModelFactory[Analysis]):
    """A waiting analysis; nobody was told to work on it."""

    class Meta:
        model = Analysis

    image = factory.SubFactory(ImageFactory)
    model_version = factory.SubFactory(ModelVersionFactory)
    requested_by = factory.SelfAttribute("image.created_by")


class PredictionFactory(DjangoModelFactory[Prediction]):
    """A finished analysis' result, with stored pictures."""

    class Meta:
        model = Prediction

    analysis = factory.SubFactory(
        AnalysisFactory, state=AnalysisState.SUCCEEDED, finished_at=factory.LazyFunction(timezone.now)
    )
    verdict = Verdict.CONFIDENT
    label = "Pre"
    confidence = 0.9
    malignant_probability = 0.95
    probabilities: factory.Dict = factory.Dict({"Benign": 0.05, "Early": 0.03, "Pre": 0.9, "Pro": 0.02})
    prediction_set: factory.List = factory.List(["Pre"])
    in_scope_score = 1.0
    mask_sha256 = factory.LazyFunction(lambda: file_store.put(drawn_png(seed=1)))
    outline_sha256 = factory.LazyFunction(lambda: file_store.put(drawn_png(seed=2)))
    map_sha256 = factory.LazyFunction(lambda: file_store.put(drawn_png(seed=3)))
    mask_area_fraction = 0.2
    contour_count = 7
    model_sha256 = factory.SelfAttribute("analysis.model_version.sha256")


class TestSetFactory(DjangoModelFactory[TestSet]):
    """A locked test set of four images, a class each, whose files are stored."""

    __test__ = False

    class Meta:
        model = TestSet

    assay = "leukemia"
    name = factory.Sequence(lambda number: f"test set {number}")
    manifest_sha256 = factory.Sequence(lambda number: f"{number:064x}")
    images_by_class: factory.Dict = factory.Dict({"Benign": 1, "Early": 1, "Pre": 1, "Pro": 1})
    groups = 4
    locked_at = factory.LazyFunction(timezone.now)


class EvaluationFactory(DjangoModelFactory[ModelEvaluation]):
    """An evaluation that nobody was told to work on."""

    class Meta:
        model = ModelEvaluation

    model = factory.SubFactory(ModelVersionFactory, state=ModelState.CANDIDATE)
    test_set = factory.SubFactory(TestSetFactory, assay=factory.SelfAttribute("..model.assay"))
    total = factory.LazyAttribute(lambda evaluation: evaluation.test_set.total)


class FinishedEvaluationFactory(EvaluationFactory):
    state = EvaluationState.SUCCEEDED
    done = factory.SelfAttribute("total")
    metrics: factory.Dict = factory.Dict({"n": 4, "groups": 4, "accuracy": 1.0})
    engines_difference = 1e-6
    finished_at = factory.LazyFunction(timezone.now)


class ProposalFactory(DjangoModelFactory[ActivationProposal]):
    class Meta:
        model = ActivationProposal

    evaluation = factory.SubFactory(FinishedEvaluationFactory)
    model = factory.SelfAttribute("evaluation.model")
    why = Why.FIGURES
    reason = "Better on our own images."
    proposed_by = factory.SubFactory(UserFactory, role=Role.ADMINISTRATOR)


class ReadingFactory(DjangoModelFactory[Reading]):
    """A doctor's reading of an image."""

    class Meta:
        model = Reading

    image = factory.SubFactory(ImageFactory)
    reader = factory.SelfAttribute("image.created_by")
    answer = Answer.OWN_CLASS
    label = "Pre"
    opened_at = factory.LazyFunction(timezone.now)


def signed_report(*, case: Case, signer: User, findings: str = "", amendment_reason: str = "") -> Report:
    """The case as it stands, signed by a doctor of its care team."""
    seen = digest_of(basis_of(rows_of(case, person=signer)))
    words = Words(findings=findings, amendment_reason=amendment_reason)
    return sign_report(case=case, signer=signer, seen=Seen(seen), words=words, confirmed_by=Confirmation.PASSWORD)


def add_to_care_team(patient: Patient, user: User) -> None:
    """Put `user` on the patient's care team."""
    CareTeamMembership.objects.create(patient=patient, user=user, added_by=user)


def drawn_png(*, assay: str = "leukemia", kind: str = "Benign", seed: int = 0) -> bytes:
    """A drawn image of an assay as the bytes of a PNG file."""
    return encode_png(draw(assay, kind, seed))


def upload(*, name: str = "field.png", content: bytes | None = None, seed: int = 0) -> SimpleUploadedFile:
    """A file as Django's upload handlers deliver it."""
    return SimpleUploadedFile(name, drawn_png(seed=seed) if content is None else content)
