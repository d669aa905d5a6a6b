"""Where the scale bar's length comes from."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from PIL import Image

from clinic.models import Patient, User
from diagnosis.models import Case, ModelVersion, SlideImage
from diagnosis.services.uploads import accept_image
from tests.factories import ImageFactory

ENTRY = {"assay": "leukemia", "specimen_date": "2026-01-02"}


def tiff(pixels_a_centimetre: float) -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.effect_noise((224, 224), 40).convert("RGB").save(
        file, "TIFF", resolution=pixels_a_centimetre, resolution_unit=3
    )
    return SimpleUploadedFile("field.tif", file.getvalue())


def test_an_upload_keeps_what_its_header_says(case: Case, owner: User, model: ModelVersion) -> None:
    accept_image(case=case, uploaded_by=owner, file=tiff(40_000))
    assert SlideImage.objects.get().resolution == pytest.approx(0.25)


def test_what_the_doctor_says_goes_before_the_file(case: Case) -> None:
    image = ImageFactory.create(case=case, micrometres_per_pixel=0.5)
    assert image.resolution == 0.5
    case.micrometres_per_pixel = 0.25
    assert image.resolution == 0.25


def test_it_is_entered_when_the_case_is_opened(owner_client: Client, patient: Patient) -> None:
    address = f"/patients/{patient.pk}/cases/new/"
    assert owner_client.post(address, ENTRY | {"micrometres_per_pixel": "0.25"}).status_code == 302
    assert Case.objects.get().micrometres_per_pixel == 0.25
    assert owner_client.post(address, ENTRY | {"micrometres_per_pixel": ""}).status_code == 302
    assert Case.objects.filter(micrometres_per_pixel=None).count() == 1


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("a lot", "Enter a number, for example 0.25."),
        ("nan", "Enter a number, for example 0.25."),
        ("0", "Enter a number between 0.01 and 100."),
        ("-1", "Enter a number between 0.01 and 100."),
        ("1e9", "Enter a number between 0.01 and 100."),
    ],
)
def test_an_entry_that_cannot_be_is_told_and_kept(
    owner_client: Client, patient: Patient, entry: str, told: str
) -> None:
    answer = owner_client.post(
        f"/patients/{patient.pk}/cases/new/", ENTRY | {"micrometres_per_pixel": entry, "note": "Keep me"}
    )
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert "Keep me" in answer.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize("value", [0.0, -1.0, 1000.0])
def test_the_database_refuses_what_cannot_be(case: Case, value: float) -> None:
    with pytest.raises(IntegrityError, match="image_resolution_plausible"):
        ImageFactory.create(case=case, micrometres_per_pixel=value)
