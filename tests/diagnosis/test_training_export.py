"""Signed readings as a data set to train on: without names, by patient, ready for the trainer."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from clinic.models import AuditEvent, Patient
from diagnosis.models import Answer, Case, Confirmation, Reason, Report, SlideImage
from diagnosis.services import file_store, test_sources
from diagnosis.services.test_sets import lock_test_set
from mlcore.assays import get_assay
from mlcore.datasets import load_dataset
from tests.factories import CaseFactory, ImageFactory, ReadingFactory, drawn_png

Add = Callable[..., SlideImage]
SECRET = "Mrs Marple"


def with_a_secret(content: bytes) -> bytes:
    held, text = io.BytesIO(), PngInfo()
    text.add_text("Comment", SECRET)
    with Image.open(io.BytesIO(content)) as image:
        image.save(held, "PNG", pnginfo=text)
    return held.getvalue()


@pytest.fixture
def add(db: None) -> Add:
    """A signed, read image; its file carries somebody's name."""

    def add_image(case: Case, label: str, *, seed: int, signed: bool = True, **reading: object) -> SlideImage:
        content = with_a_secret(drawn_png(assay="breast", kind="Benign", seed=seed))
        image = ImageFactory.create(case=case, uploaded_name=f"{SECRET}.png", sha256=file_store.put(content))
        ReadingFactory.create(image=image, **({"label": label} | reading))
        if signed and not case.reports.exists():
            Report.objects.create(
                case=case,
                content={},
                content_digest="0" * 64,
                signed_by=case.created_by,
                confirmed_by=Confirmation.PASSWORD,
            )
        return image

    return add_image


@pytest.fixture
def cases(add: Add) -> list[Case]:
    """Two patients with an image of each class."""
    cases = [CaseFactory.create(assay="breast") for _ in range(2)]
    for number, case in enumerate(cases):
        add(case, "Benign", seed=2 * number)
        add(case, "Malignant", seed=2 * number + 1)
    return cases


def export(out: Path) -> list[Path]:
    call_command("export_training_set", assay="breast", out=out)
    return sorted(out.rglob("*.png"))


def test_the_trainer_loads_it_with_its_patients(cases: list[Case], tmp_path: Path) -> None:
    out = tmp_path / "set"
    assert len(export(out)) == 4
    dataset = load_dataset(out, get_assay("breast"), groups=out / "groups.csv")
    assert (len(dataset.samples), dataset.skipped, dataset.ungrouped) == (4, (), 0)
    assert sorted(sample.label for sample in dataset.samples) == [0, 0, 1, 1]
    patients = {key for sample in dataset.samples for key in sample.groups if key.startswith("patient:")}
    assert len(patients) == 2


def test_nothing_in_it_says_whose_it_is(cases: list[Case], tmp_path: Path) -> None:
    out = tmp_path / "set"
    files = export(out)
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    names = "".join(str(path) for path in files)
    patient = cases[0].patient
    for said in (SECRET, str(patient.pk), patient.record_number, patient.family_name):
        assert said.encode() not in everything
        assert said not in names
    with Image.open(files[0]) as picture:
        assert not picture.info.get("Comment")
    for image in SlideImage.objects.all():
        assert image.sha256 not in names
        assert str(image.pk) not in names


def test_another_time_everybody_has_another_pseudonym(cases: list[Case], tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        export(tmp_path / name)
        with (tmp_path / name / "groups.csv").open() as file:
            told.append({row["patient"] for row in csv.DictReader(file)})
    assert not told[0] & told[1]


def test_it_leaves_out_what_is_not_to_be_learned_from(cases: list[Case], add: Add, tmp_path: Path) -> None:
    case = cases[0]
    add(case, "Benign", seed=10)
    withdrawn = add(case, "Benign", seed=11)
    SlideImage.objects.filter(pk=withdrawn.pk).update(
        withdrawn_at=Now(), withdrawn_by=case.created_by, withdrawal_reason="unusable"
    )
    for seed, answer in ((12, Answer.CANNOT_TELL), (13, Answer.UNSUITABLE)):
        add(case, "", seed=seed, answer=answer, reason=Reason.FOCUS)
    disputed = add(case, "Benign", seed=14)
    ReadingFactory.create(image=disputed, reader=CaseFactory.create().created_by, role="second", label="Malignant")
    add(CaseFactory.create(assay="breast"), "Benign", seed=15, signed=False)
    restricted = CaseFactory.create(assay="breast")
    add(restricted, "Benign", seed=16)
    Patient.objects.filter(pk=restricted.patient_id).update(restricted_at=Now())
    assert len(export(tmp_path / "set")) == 5


def test_images_of_a_locked_test_set_are_never_trained_on(cases: list[Case], add: Add, tmp_path: Path) -> None:
    for number, image in enumerate(SlideImage.objects.filter(case=cases[0]).order_by("created_at")):
        folder = tmp_path / "ours" / ("Benign", "Malignant")[number]
        folder.mkdir(parents=True)
        (folder / "1.png").write_bytes(file_store.get(image.sha256))
    lock_test_set(assay="breast", name="Ours", source=test_sources.folder(tmp_path / "ours"))
    assert len(export(tmp_path / "set")) == 2


def test_it_is_in_the_trail_of_each_patient(cases: list[Case], tmp_path: Path) -> None:
    export(tmp_path / "set")
    events = AuditEvent.objects.filter(action="patient.exported_for_training")
    assert {event.patient_id for event in events} == {case.patient_id for case in cases}
    assert all(event.detail == {"assay": "breast", "images": 2} for event in events)


def test_it_overwrites_nothing_and_says_when_there_is_nothing(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no image"):
        export(tmp_path / "set")
    assert list(tmp_path.glob("*set*")) == []
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(CommandError, match="not an empty folder"):
        export(tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"
