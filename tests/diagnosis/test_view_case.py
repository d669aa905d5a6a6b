"""A patient's history in short (more in test_history.py), opening a case, and the case's page."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Patient
from diagnosis.models import Case, ModelVersion, SlideImage
from tests.factories import AnalysisFactory, CaseFactory, ImageFactory, ModelVersionFactory, PredictionFactory

EVIL = "<script>alert(1)</script>"


def predicted(case: Case, model: ModelVersion, **fields: Any) -> SlideImage:
    image = ImageFactory.create(case=case)
    PredictionFactory.create(analysis__image=image, analysis__model_version=model, **fields)
    return image


def out_of_scope(case: Case, model: ModelVersion) -> SlideImage:
    return predicted(case, model, verdict="out_of_scope", label="", prediction_set=[])


def test_the_history_is_newest_first_with_what_became_of_each_image(
    owner_client: Client, patient: Patient, model: ModelVersion
) -> None:
    older = CaseFactory.create(patient=patient, specimen_date=date(2025, 5, 5))
    newer = CaseFactory.create(patient=patient, specimen_date=date(2026, 5, 5))
    predicted(newer, model)
    predicted(newer, model, label="Benign", malignant_probability=0.03, prediction_set=["Benign"])
    predicted(newer, model, verdict="refer", malignant_probability=0.6)
    out_of_scope(newer, model)
    AnalysisFactory.create(image=ImageFactory.create(case=newer), model_version=model)
    response = owner_client.get(f"/patients/{patient.pk}/")
    first, second = response.context["history"].cases
    assert (first.case, second.case) == (newer, older)
    counts = first.counts
    assert (counts.total, counts.pending, counts.failed) == (5, 1, 0)
    assert (counts.malignant, counts.not_malignant, counts.refer, counts.out_of_scope) == (1, 1, 1, 1)
    in_order = [one.image.created_at for one in first.images]
    assert in_order == sorted(in_order)
    assert "Add the first images" in response.content.decode()


def test_an_image_counts_by_its_newest_result(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = predicted(case, model)
    newer = ModelVersionFactory.create(state="candidate", version="2")
    AnalysisFactory.create(image=image, model_version=newer)
    counts = owner_client.get(f"/patients/{case.patient_id}/").context["history"].cases[0].counts
    assert (counts.total, counts.pending, counts.malignant) == (1, 0, 1)


def test_a_patient_without_a_case_is_met_with_what_to_do(owner_client: Client, patient: Patient) -> None:
    assert "Open the first case" in owner_client.get(f"/patients/{patient.pk}/").content.decode()


def test_a_long_history_comes_in_pages(owner_client: Client, patient: Patient) -> None:
    for day in range(23):
        CaseFactory.create(patient=patient, specimen_date=date(2026, 1, 1) + timedelta(days=day))
    address = f"/patients/{patient.pk}/"
    assert len(owner_client.get(address).context["history"].cases) == 6
    assert len(owner_client.get(f"{address}?page=4").context["history"].cases) == 5
    assert owner_client.get(f"{address}?page=nonsense").status_code == 200


def test_it_opens_a_case(owner_client: Client, patient: Patient) -> None:
    entries = {"assay": "breast", "specimen_date": "2026-03-01", "note": f"Left side. {EVIL}"}
    response = owner_client.post(f"/patients/{patient.pk}/cases/new/", entries)
    case = Case.objects.get(patient=patient)
    assert response["Location"] == f"/cases/{case.pk}/"
    assert (case.assay, case.specimen_date) == ("breast", date(2026, 3, 1))


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"assay": ""}, "Choose what is examined."),
        ({"assay": "astrology"}, "Choose one of these."),
        ({"specimen_date": ""}, "Enter the date."),
        ({"specimen_date": "31.02.2026"}, "Enter a date, for example 2026-03-27."),
        ({"note": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_it_says_beside_the_field_what_is_wrong(
    owner_client: Client, patient: Patient, entries: dict[str, str], sentence: str
) -> None:
    good = {"assay": "leukemia", "specimen_date": "2026-03-01"}
    response = owner_client.post(f"/patients/{patient.pk}/cases/new/", good | entries)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not Case.objects.exists()


def test_a_specimen_is_not_taken_tomorrow(owner_client: Client, patient: Patient) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    entries = {"assay": "leukemia", "specimen_date": tomorrow.isoformat()}
    page = owner_client.post(f"/patients/{patient.pk}/cases/new/", entries).content.decode()
    assert "The specimen&#x27;s date lies in the future." in page


def test_without_an_active_model_it_says_so_instead_of_taking_images(owner_client: Client, case: Case) -> None:
    page = owner_client.get(f"/cases/{case.pk}/").content.decode()
    assert "No model is active for this assay" in page
    assert "drop-zone" not in page


def test_what_people_wrote_is_shown_escaped(owner_client: Client, patient: Patient, model: ModelVersion) -> None:
    Patient.objects.filter(pk=patient.pk).update(family_name=EVIL, record_number=EVIL)
    case = CaseFactory.create(patient=patient, note=EVIL)
    image = predicted(case, model)
    SlideImage.objects.update(uploaded_name=EVIL)
    for address in (f"/patients/{patient.pk}/", f"/cases/{case.pk}/", f"/images/{image.pk}/"):
        page = owner_client.get(address).content.decode()
        assert EVIL not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_no_page_carries_a_script_or_style_of_its_own(owner_client: Client, case: Case, model: ModelVersion) -> None:
    image = predicted(case, model)
    for address in ("/patients/", f"/patients/{case.patient_id}/", f"/cases/{case.pk}/", f"/images/{image.pk}/"):
        page = owner_client.get(address).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')
