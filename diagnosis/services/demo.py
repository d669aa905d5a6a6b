"""Demo data: invented people, and images drawn by our own code."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from clinic.models import Patient, Role, User
from clinic.services.care_teams import add_to_care_team
from clinic.services.patients import register_patient
from clinic.services.people import create_person
from diagnosis.services.cases import open_case
from diagnosis.services.uploads import accept_image
from mlcore.overlays import encode_png
from mlcore.synthetic import draw, out_of_focus

NOTE = "Drawn images: no patient's specimen is shown here."
PEOPLE = (
    ("maya.lindqvist@demo.example", "Dr. Maya Lindqvist", Role.DOCTOR),
    ("tomas.okafor@demo.example", "Dr. Tomas Okafor", Role.DOCTOR),
    ("ines.faber@demo.example", "Ines Faber", Role.ADMINISTRATOR),
    ("ravi.sommer@demo.example", "Ravi Sommer", Role.AUDITOR),
)


@dataclass(frozen=True)
class DemoCase:
    """A case of the demo: its images by class, and how long ago the specimen was taken."""

    assay: str
    kinds: tuple[str, ...]
    days_ago: int
    out_of_focus: int | None = None  # the place of an image that a model has to refuse


PATIENTS = (
    ("DEMO-1001", "Aldersen", "Nora", date(1988, 4, 12), (
        DemoCase("leukemia", ("Early", "Early", "Pre", "Pre"), 96),
        DemoCase("leukemia", ("Benign", "Early", "Benign", "Benign"), 9, out_of_focus=3),
    )),
    ("DEMO-1002", "Bertrand", "Luc", date(2015, 11, 3), (DemoCase("leukemia", ("Pro", "Pro", "Pre"), 3),)),
    ("DEMO-1003", "Castellan", "Irma", date(1961, 7, 29), (
        DemoCase("breast", ("Benign", "Malignant", "Malignant", "Benign", "Malignant"), 5),
    )),
)  # fmt: skip


@transaction.atomic
def seed_demo(*, accounts_file: Path) -> bool:
    """Fill an empty database with demo people, patients, cases and waiting images. Returns False when it is not empty.

    The random passwords are written to `accounts_file`, readable by its owner alone, and nowhere else.
    """
    if User.objects.exists():
        return False
    passwords = {email: secrets.token_urlsafe(15) for email, _, _ in PEOPLE}
    maya, tomas, *_ = [
        create_person(email=email, full_name=name, role=role, password=passwords[email]) for email, name, role in PEOPLE
    ]
    for number, family, given, born, cases in PATIENTS:
        patient = register_patient(
            registered_by=maya, record_number=number, family_name=family, given_name=given, birth_date=born
        )
        add_to_care_team(patient=patient, doctor=tomas, added_by=maya)
        for case in cases:
            _add_case(patient=patient, doctor=maya, demo=case)
    _write_accounts(accounts_file, passwords)
    return True


def is_demo() -> bool:
    """Whether the database holds nothing, or what the demo began with: its people came before all others."""
    first = set(User.objects.order_by("created_at").values_list("email", flat=True)[: len(PEOPLE)])
    return not first or first == {email for email, _, _ in PEOPLE}


def _add_case(*, patient: Patient, doctor: User, demo: DemoCase) -> None:
    taken = timezone.localdate() - timedelta(days=demo.days_ago)
    case = open_case(patient=patient, opened_by=doctor, assay=demo.assay, specimen_date=taken, note=NOTE)
    for name, image in images_of(demo):
        file = SimpleUploadedFile(name, encode_png(image))
        accept_image(case=case, uploaded_by=doctor, file=file)


def images_of(demo: DemoCase) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The drawn images of a case (each H x W x 3, 8-bit RGB) with their names."""
    for place, kind in enumerate(demo.kinds):
        seed = demo.days_ago + place
        image = draw(demo.assay, kind, seed)
        yield f"drawn-{seed}.png", out_of_focus(image) if place == demo.out_of_focus else image


def _write_accounts(path: Path, passwords: dict[str, str]) -> None:
    lines = [f"{role.label:<14} {email:<28} {passwords[email]}\n" for email, _, role in PEOPLE]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)
