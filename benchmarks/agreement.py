"""How long it takes to count how readers and models agree, by the number of readings.

    python -m embedded exec --temporary -- python -m benchmarks.agreement --readings 1000000

Makes its own data, so give it a database that is thrown away. It prints the seconds of counting all doctors' readings
(what the scheduler does), of the administrators' page from the kept sums, of one doctor's own page, and of the history
of a patient with 60 specimens. Each is the median of `--rounds`. Half of the readings are blinded, a fifth of these
were replaced, every second image has two readers. `--explain` prints how the database goes about the counting.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.start import prepare

IMAGES_A_CASE = 20
CASES_A_PATIENT = 60

# Rows are made of one that the tests' factories made: `{n}` runs from 1, and what is set takes the place of its fields.
COPIES = """
INSERT INTO {table} SELECT (jsonb_populate_record(one, to_jsonb(one) || jsonb_build_object({fields}))).*
FROM {table} one, generate_series(1, {count}) n WHERE one.id = '{like}' AND {only}
"""
REFERENCES = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text LIKE 'diagnosis_%'
"""
CLASSES = "(ARRAY['Benign', 'Early', 'Pre', 'Pro'])"


def main() -> None:
    """Fill, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=1_000_000)
    parser.add_argument("--doctors", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    prepare()
    doctor, patient = fill(options.readings, options.doctors)
    for name, act in acts(doctor, patient).items():
        print(f"{name:45} {timed(act, options.rounds):7.2f} s")
    if options.explain:
        explain()


def fill(readings: int, doctors: int) -> tuple[Any, Any]:
    """Doctors, cases, images, predictions and readings; returns a doctor who looks after everybody, and a patient."""
    from django.db import connection  # noqa: PLC0415

    from tests.factories import PatientFactory, PredictionFactory, ReadingFactory, add_to_care_team  # noqa: PLC0415

    pictures = {"mask_sha256": "0" * 64, "outline_sha256": "0" * 64, "map_sha256": ""}
    prediction = PredictionFactory.create(**pictures)
    image = prediction.analysis.image
    reading = ReadingFactory.create(image=image, reader=image.created_by, prediction=prediction)
    images = readings * 10 // 16  # half of them read twice, and a tenth of the readings replace another
    cases = max(1, images // IMAGES_A_CASE)
    like = {"doctor": image.created_by_id, "patient": image.case.patient_id, "case": image.case_id, "image": image.pk}
    like |= {"analysis": prediction.analysis_id, "prediction": prediction.pk, "reading": reading.pk}
    with connection.cursor() as cursor:
        cursor.execute(REFERENCES)
        for (references,) in cursor.fetchall():
            cursor.execute(references)  # checking each row's would take most of the time
        for table, statement in statements(images, cases, doctors, like):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # the rows are as triggers would have them
            cursor.execute(statement)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT count(*) FROM diagnosis_reading")
        print(f"{cursor.fetchone()[0]} readings of {images} images in {cases} cases by {doctors} doctors")
    patient = PatientFactory._meta.model.objects.order_by("record_number").last()  # noqa: SLF001  the factory's model
    doctor = type(image.created_by).objects.get(email="reader1@clinic.example")
    for one in PatientFactory._meta.model.objects.all():  # noqa: SLF001
        add_to_care_team(one, doctor)
    return doctor, patient


def statements(images: int, cases: int, doctors: int, like: dict[str, Any]) -> list[tuple[str, str]]:
    """What fills each table. Doctor, month, suggestion and answer of a row follow from its number."""
    case = f"md5('case' || (n / {IMAGES_A_CASE}) % {cases} + 1)::uuid"
    said = f"{CLASSES}[1 + n % 4]"
    read = f"CASE WHEN n % 7 = 0 THEN {CLASSES}[1 + (n / 7) % 4] ELSE {said} END"
    at = "timestamptz '2025-01-01 12:00Z' + n % 700 * interval '1 day'"
    about = f"'image_id', md5('image' || n)::uuid, 'prediction_id', md5('prediction' || n)::uuid, 'created_at', {at}, "
    about += f"'opened_at', {at} - n % 97 * interval '1 second', "
    first = f"'was_blinded', n % 2 = 0, 'reader_id', md5('doctor' || n % {doctors} + 1)::uuid, 'label', {read}"
    again = "'replaces_id', md5('first' || n)::uuid, 'change_reason', 'Seen.'"
    taken = "'specimen_date', date '2020-01-01' + n % 2000"
    suggested = f"'analysis_id', md5('analysis' || n)::uuid, 'label', {said}, "
    suggested += "'verdict', CASE WHEN n % 9 = 0 THEN 'refer' ELSE 'confident' END"
    second = f"'role', 'second', 'reader_id', md5('doctor' || (n + 1) % {doctors} + 1)::uuid, 'label', {said}"
    patients = max(1, cases // CASES_A_PATIENT)
    tables: list[tuple[str, str, int, str, str]] = [
        ("doctor", "clinic_user", doctors, "'email', 'reader' || n || '@clinic.example'", ""),
        ("patient", "clinic_patient", patients, "'record_number', 'B' || n", ""),
        ("case", "diagnosis_case", cases, f"'patient_id', md5('patient' || n % {patients} + 1)::uuid, {taken}", ""),
        ("image", "diagnosis_slideimage", images, f"'case_id', {case}, 'sha256', md5('' || n)", ""),
        ("analysis", "diagnosis_analysis", images, "'image_id', md5('image' || n)::uuid", ""),
        ("prediction", "diagnosis_prediction", images, suggested, ""),
        ("reading", "diagnosis_reading", images, about + first, "first"),
        ("reading", "diagnosis_reading", images, about + second, "second"),
        ("reading", "diagnosis_reading", images, f"{about}{first}, 'was_blinded', false, {again}", "again"),
    ]
    only = {"second": "n % 2 = 0", "again": "n % 10 = 0"}
    return [
        (
            table,
            COPIES.format(
                table=table,
                fields=f"'id', md5('{name or kind}' || n)::uuid, {fields}",
                count=count,
                like=like[kind],
                only=only.get(name, "true"),
            ),
        )
        for kind, table, count, fields, name in tables
    ]


def acts(doctor: Any, patient: Any) -> dict[str, Callable[[], object]]:
    """What is measured, by its name. Pages as a browser gets them, from the view to the last byte."""
    from django.test import Client  # noqa: PLC0415

    from diagnosis.services.agreement import count_all  # noqa: PLC0415
    from tests.factories import UserFactory  # noqa: PLC0415

    def page(person: Any, address: str) -> Callable[[], object]:
        client = Client()
        client.force_login(person)
        return lambda: client.get(address).content

    return {
        "counting all doctors' readings": count_all,
        "the administrators' page": page(UserFactory.create(role="administrator"), "/agreement/"),
        "a doctor's own page": page(doctor, "/agreement/mine/"),
        "the history of a patient": page(doctor, f"/patients/{patient.pk}/"),
    }


def timed(act: Callable[[], object], rounds: int) -> float:
    """The median of its seconds."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def explain() -> None:
    """How the database counts pairs."""
    from diagnosis.models import Reading  # noqa: PLC0415
    from diagnosis.selectors import agreement_counts  # noqa: PLC0415

    known = agreement_counts._known(Reading.objects.all())  # noqa: SLF001  what the counting starts from
    rows = agreement_counts._grouped(known).values(*agreement_counts.GROUP)  # noqa: SLF001
    print(rows.distinct().explain(analyze=True))


if __name__ == "__main__":
    main()
