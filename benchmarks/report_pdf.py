"""How long drawing a signed report takes, how large the file is and how much memory it takes, by the number of images.

    python -m embedded exec --temporary -- python -m benchmarks.report_pdf 1 40 500

Decides whether a web process may draw it (docs/decisions/0020-signed-reports.md). Images are drawn; no row is written.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.testing")
django.setup()

from django.conf import settings  # noqa: E402  settings come first

from diagnosis.canonical import digest_of  # noqa: E402
from diagnosis.report_pdf.document import draw as draw_report  # noqa: E402
from diagnosis.selectors.outcomes import worst_first  # noqa: E402
from diagnosis.services import file_store  # noqa: E402
from mlcore.assays import get_assay  # noqa: E402
from mlcore.overlays import encode_png  # noqa: E402
from mlcore.synthetic import draw  # noqa: E402

ASSAY = get_assay("leukemia")
MOMENT = "2026-01-02T10:00:00+00:00"


def image_of(number: int) -> dict[str, Any]:
    """A read image with its suggestion."""
    label = ASSAY.classes[number % len(ASSAY.classes)]
    sha256 = file_store.put(encode_png(draw(ASSAY.slug, label, number)))
    pk = str(UUID(int=number + 1))
    reading = {"id": pk, "reader": "Dr. Maya Lindqvist", "role": "first", "answer": "agree", "label": label,
               "reason": "", "comment": "Large cells.", "was_blinded": False, "replaces": None, "change_reason": "",
               "recorded_at": MOMENT}  # fmt: skip
    suggestion = {"id": pk, "verdict": "confident", "label": label, "confidence": 0.9, "malignant_probability": 0.9,
                  "probabilities": dict.fromkeys(ASSAY.classes, 0.25), "prediction_set": [label], "outline_sha256": "",
                  "made_at": MOMENT, "model": {"name": "model", "version": "1", "sha256": "a" * 64}}  # fmt: skip
    return {"id": pk, "name": f"field-{number}.png", "sha256": sha256, "display_sha256": sha256, "width": 224,
            "height": 224, "added_at": MOMENT, "withdrawn": None, "standing": "settled", "readings": [reading],
            "leading": pk, "suggestion": suggestion, "agreement": "agrees"}  # fmt: skip


def content_of(images: int) -> dict[str, Any]:
    """A signed content of so many images."""
    return {
        "schema": 1,
        "version": 1,
        "amends": None,
        "patient": {"id": "", "record_number": "DEMO-1001", "family_name": "Aldersen", "given_name": "Nora",
                    "birth_date": "1988-04-12"},
        "case": {"id": str(UUID(int=1)), "assay": ASSAY.slug, "assay_name": ASSAY.name, "specimen_date": "2026-01-01",
                 "classes": [{"name": one, "malignant": one in ASSAY.malignant} for one in ASSAY.classes], "note": ""},
        "images": [image_of(number) for number in range(images)],
        "models": [{"name": "model", "version": "1", "sha256": "a" * 64}],
        "result": "Pro",
        "rule": list(worst_first(ASSAY)),
        "findings": "Blasts in most fields.",
        "amendment_reason": "",
        "with_outlines": False,
        "language": "en",
        "time_zone": "UTC",
        "signer": {"id": "", "name": "Dr. Maya Lindqvist", "role": "doctor"},
        "signed_at": MOMENT,
        "confirmed_by": "password",
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=int, nargs="+")
    for number in sorted(parser.parse_args().images):  # memory is a high-water mark: the smallest first
        with tempfile.TemporaryDirectory() as folder:
            settings.MEDIA_ROOT = folder
            content = content_of(number)
            start = time.perf_counter()
            pdf = draw_report(content, digest=digest_of(content), report_id=str(UUID(int=2)))
            seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{number:4} images: {seconds:6.1f} s, {len(pdf) / 1e6:6.1f} MB of PDF, {memory:5.0f} MB of memory")


if __name__ == "__main__":
    main()
