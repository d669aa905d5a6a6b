"""What a report says: rows as plain data that can be frozen, digested and shown again in ten years.

The content is all that a printed report shows. Codes stand in it, not words: words come with the language.
"""

from collections.abc import Sequence
from typing import Any

from clinic.models import User
from diagnosis.models import Prediction, Reading, SlideImage, Verdict
from diagnosis.models.reading import WITH_A_CLASS
from diagnosis.selectors.outcomes import result_of_case, worst_first
from diagnosis.selectors.report_rows import ReportRows

SCHEMA = 1
WITHHELD = "withheld"

Content = dict[str, Any]


def basis_of(rows: ReportRows) -> Content:
    """What is signed, before the signer has added their own words: from the rows alone."""
    assay = rows.case.get_assay()
    images = [_image(rows, image) for image in rows.images]
    return {
        "schema": SCHEMA,
        "version": rows.version,
        "amends": _amends(rows),
        "patient": _patient(rows),
        "case": {
            "id": str(rows.case.pk),
            "assay": rows.case.assay,
            "assay_name": assay.name,
            "classes": [{"name": name, "malignant": name in assay.malignant} for name in assay.classes],
            "specimen_date": rows.case.specimen_date.isoformat(),
            "note": rows.case.note,
        },
        "images": images,
        "models": _models(images),
        "result": result_of_case(assay, (rows.outcome(image) for image in rows.in_use)),
        "rule": list(worst_first(assay)),
        "counts": {
            "images": len(rows.images),
            "withdrawn": len(rows.images) - len(rows.in_use),
            "readings": rows.reading_count,
        },
    }


def _amends(rows: ReportRows) -> Content | None:
    earlier = rows.earlier
    if earlier is None:
        return None
    return {
        "version": earlier.version,
        "digest": earlier.content_digest,
        "signed_at": earlier.created_at.isoformat(),
        "signer": earlier.signed_by.full_name,
    }


def _patient(rows: ReportRows) -> Content:
    patient = rows.case.patient
    return {
        "id": str(patient.pk),
        "record_number": patient.record_number,
        "family_name": patient.family_name,
        "given_name": patient.given_name,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
    }


def _image(rows: ReportRows, image: SlideImage) -> Content:
    entry: Content = {
        "id": str(image.pk),
        "name": image.uploaded_name,
        "sha256": image.sha256,
        "display_sha256": image.display_sha256,
        "width": image.width,
        "height": image.height,
        "added_at": image.created_at.isoformat(),
        "withdrawn": _withdrawn(image),
        "standing": None,
        "readings": [],
        "leading": None,
        "suggestion": None,
    }
    if image.withdrawn_at:
        return entry
    outcome = rows.outcome(image)
    leading = outcome.reading
    prediction = _prediction_for(leading, rows.predictions[image.pk])
    return entry | {
        "standing": WITHHELD if image.pk in rows.withheld else outcome.standing.value,
        "readings": [_reading(reading) for reading in rows.readings[image.pk]],
        "leading": str(leading.pk) if leading and image.pk not in rows.withheld else None,
        "suggestion": _suggestion(prediction) if prediction else None,
        "agreement": _agreement(leading, prediction),
    }


def _withdrawn(image: SlideImage) -> Content | None:
    if image.withdrawn_at is None or image.withdrawn_by is None:
        return None
    return {
        "at": image.withdrawn_at.isoformat(),
        "by": image.withdrawn_by.full_name,
        "reason": image.withdrawal_reason,
    }


def _reading(reading: Reading) -> Content:
    return {
        "id": str(reading.pk),
        "reader": reading.reader.full_name,
        "role": reading.role,
        "answer": reading.answer,
        "label": reading.label,
        "reason": reading.reason,
        "comment": reading.comment,
        "was_blinded": reading.was_blinded,
        "replaces": str(reading.replaces_id) if reading.replaces_id else None,
        "change_reason": reading.change_reason,
        "recorded_at": reading.created_at.isoformat(),
    }


def _prediction_for(leading: Reading | None, shown: Sequence[Prediction]) -> Prediction | None:
    """The suggestion that stood when the leading reading was recorded; the newest where there was none."""
    by_id = {prediction.pk: prediction for prediction in shown}
    newest = shown[-1] if shown else None
    return by_id.get(leading.prediction_id, newest) if leading and leading.prediction_id else newest


def _suggestion(prediction: Prediction) -> Content:
    model = prediction.analysis.model_version
    return {
        "id": str(prediction.pk),
        "verdict": prediction.verdict,
        "label": prediction.label,
        "confidence": prediction.confidence,
        "malignant_probability": prediction.malignant_probability,
        "probabilities": prediction.probabilities,
        "prediction_set": prediction.prediction_set,
        "outline_sha256": prediction.outline_sha256,
        "made_at": prediction.created_at.isoformat(),
        "model": {"name": model.name, "version": model.version, "sha256": prediction.model_sha256},
    }


def _agreement(reading: Reading | None, prediction: Prediction | None) -> str:
    """How the leading reading and the suggestion go together; empty when there is nothing to compare."""
    if reading is None or prediction is None:
        return ""
    if reading.answer not in WITH_A_CLASS:
        return "no_class_read"
    if prediction.verdict != Verdict.CONFIDENT:
        return "no_class_suggested"
    return "agrees" if reading.label == prediction.label else "differs"


def _models(images: Sequence[Content]) -> list[Content]:
    """Each model whose suggestions are in the report, once."""
    found = [image["suggestion"]["model"] for image in images if image["suggestion"]]
    return sorted({model["sha256"]: model for model in found}.values(), key=lambda model: str(model["sha256"]))


def signed(
    basis: Content,
    *,
    signer: User,
    signed_at: str,
    confirmed_by: str,
    findings: str,
    amendment_reason: str,
    with_outlines: bool,
    language: str,
    time_zone: str,
) -> Content:
    """The whole content: what the rows gave, and what the signer added."""
    return basis | {
        "findings": findings,
        "amendment_reason": amendment_reason,
        "with_outlines": with_outlines,
        "language": language,
        "time_zone": time_zone,
        "signer": {"id": str(signer.pk), "name": signer.full_name, "role": signer.role},
        "signed_at": signed_at,
        "confirmed_by": confirmed_by,
    }
