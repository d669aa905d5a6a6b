"""A hospital's rows, made at once: the data of every benchmark about tables.

So many cases with images, analyses, predictions, readings and reports, one a patient, but the first 60 are of one
patient. Of every ten cases six are unread (some of them in doubt, some failed), two half read, one to sign and one
signed. One doctor looks after all patients, one after a fiftieth of them, one after fifty, whose images nobody else
reads first; all others are read by twenty doctors, every second image by two. Half of the first words are blinded, and
a fifth of those were replaced. `grow` adds cases to those that are there.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from clinic.models import User
from tests.factories import ModelVersionFactory, UserFactory

TABLES = (
    "clinic_patient", "clinic_careteammembership", "diagnosis_case", "diagnosis_slideimage", "diagnosis_analysis",
    "diagnosis_prediction", "diagnosis_reading", "diagnosis_report", "diagnosis_readingrequest",
)  # fmt: skip
IMAGES_A_CASE = 10
CASES_OF_ONE_PATIENT = 60
READERS = 20

DATA = """
DROP TABLE IF EXISTS numbered, pictures, readers;
CREATE TEMP TABLE numbered AS SELECT n, md5('patient' || CASE WHEN n <= %(of_one)s THEN 1 ELSE n END)::uuid AS patient,
    gen_random_uuid() AS case_id,
    CASE WHEN n <= 1000 AND n %% 20 = 0 THEN %(few)s::uuid ELSE (%(readers)s::uuid[])[1 + n %% %(reader_count)s] END
    AS reader
FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO clinic_patient (id, record_number, family_name, given_name, created_at, created_by_id)
SELECT DISTINCT ON (patient) patient, 'MRN-' || n, 'Family' || n, 'Given', now(), %(all)s::uuid
FROM numbered ORDER BY patient, n ON CONFLICT DO NOTHING;
INSERT INTO clinic_careteammembership (patient_id, user_id, added_at, added_by_id)
SELECT DISTINCT patient, %(all)s::uuid, now(), %(all)s::uuid FROM numbered
UNION SELECT patient, %(some)s::uuid, now(), %(all)s::uuid FROM numbered WHERE n %% 50 = 0
UNION SELECT patient, %(few)s::uuid, now(), %(all)s::uuid FROM numbered WHERE n <= 1000 AND n %% 20 = 0
ON CONFLICT DO NOTHING;
INSERT INTO diagnosis_case (id, patient_id, assay, specimen_date, urgency, note, created_at, created_by_id)
SELECT case_id, patient, 'leukemia', date '2024-01-01' + (n %% 700),
       CASE WHEN n %% 200 = 0 THEN 'emergency' WHEN n %% 20 = 0 THEN 'urgent' ELSE 'routine' END, '', now(),
       %(all)s::uuid
FROM numbered;
CREATE TEMP TABLE pictures AS SELECT n, i, (n - 1) * 10 + i AS number, case_id, reader, gen_random_uuid() AS image,
    gen_random_uuid() AS analysis, gen_random_uuid() AS prediction, gen_random_uuid() AS reading,
    now() - (n %% 700) * interval '1 day' AS at, n %% 97 = 0 AND i = 1 AS is_failed,
    n %% 10 < 2 OR n %% 10 < 4 AND i <= 5 AS is_read,
    (ARRAY['Benign', 'Early', 'Pre', 'Pro'])[1 + n %% 4] AS said
FROM numbered, generate_series(1, 10) i;
INSERT INTO diagnosis_slideimage (id, case_id, uploaded_name, sha256, size_bytes, file_format, width, height,
                                  display_sha256, thumbnail_sha256, created_at, created_by_id, withdrawal_reason)
SELECT image, case_id, 'field.png', md5(image::text), 1000, 'PNG', 224, 224, '', '', at, %(all)s::uuid, ''
FROM pictures;
INSERT INTO diagnosis_analysis (id, image_id, model_version_id, state, attempts, failure_code, failure_message,
                                created_at, queued_at, finished_at, requested_by_id)
SELECT analysis, image, %(model)s::uuid, CASE WHEN is_failed THEN 'failed' ELSE 'succeeded' END, 1,
       CASE WHEN is_failed THEN 'x' ELSE '' END, CASE WHEN is_failed THEN 'x' ELSE '' END, at, at, at, %(all)s::uuid
FROM pictures;
INSERT INTO diagnosis_prediction (id, analysis_id, verdict, label, confidence, malignant_probability, probabilities,
                                  prediction_set, in_scope_score, mask_sha256, outline_sha256, map_sha256,
                                  mask_area_fraction, contour_count, model_sha256, created_at)
SELECT prediction, analysis, CASE WHEN n %% 11 = 0 AND i = 2 THEN 'refer' ELSE 'confident' END, said, 0.9,
       (n %% 10) / 10.0, '{}', '{}', 1, '', '', '', 0.1, 1, '', at
FROM pictures WHERE NOT is_failed;
INSERT INTO diagnosis_reading (id, image_id, reader_id, role, answer, label, reason, comment, prediction_id,
                               was_blinded, change_reason, opened_at, created_at)
SELECT reading, image, reader, 'first', 'own_class', CASE WHEN number %% 7 = 0 THEN 'Pre' ELSE said END, '', '',
       CASE WHEN NOT is_failed THEN prediction END, number %% 2 = 0, '', at - number %% 97 * interval '1 second', at
FROM pictures WHERE is_read;
INSERT INTO diagnosis_reading (id, image_id, reader_id, role, answer, label, reason, comment, prediction_id,
                               was_blinded, change_reason, opened_at, created_at)
SELECT gen_random_uuid(), image, (%(readers)s::uuid[])[1 + (n + 1) %% %(reader_count)s], 'second', 'own_class', said,
       '', '', prediction, true, '', at, at
FROM pictures WHERE is_read AND number %% 2 = 0 AND NOT is_failed;
INSERT INTO diagnosis_reading (id, image_id, reader_id, role, answer, label, reason, comment, prediction_id,
                               was_blinded, replaces_id, change_reason, opened_at, created_at)
SELECT gen_random_uuid(), image, reader, 'first', 'own_class', said, '', '', prediction, false, reading, 'Seen.', at, at
FROM pictures WHERE is_read AND number %% 10 = 0 AND NOT is_failed;
INSERT INTO diagnosis_report (id, case_id, version, content, content_digest, amendment_reason, signed_by_id,
                              confirmed_by, image_count, withdrawn_count, reading_count, created_at)
SELECT gen_random_uuid(), case_id, 1, '{}', '', '', %(all)s::uuid, 'password', 10, 0, 10, clock_timestamp()
FROM numbered WHERE n %% 10 = 0;
INSERT INTO diagnosis_readingrequest (id, image_id, kind, asked_of_id, asked_by_id, state, created_at, decline_reason)
SELECT gen_random_uuid(), image, 'second', %(all)s::uuid, %(some)s::uuid, 'open', now(), ''
FROM pictures WHERE n %% 500 = 5 AND i = 1 AND n < 5000;
"""

# What triggers would have kept, and the statistics that the planner goes by.
KEPT = """
INSERT INTO diagnosis_caseinvolvement (case_id, doctor_id)
SELECT case_id, %(all)s::uuid FROM numbered UNION SELECT case_id, reader FROM pictures WHERE is_read
ON CONFLICT DO NOTHING;
ANALYZE;
SELECT count(diagnosis_renew_standing(case_id)) FROM numbered
"""

REFERENCES = """
SELECT conrelid::regclass, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
"""


@dataclass(frozen=True)
class Hospital:
    """The people: doctors by how many patients they look after, and an administrator."""

    people: Mapping[str, User]
    values: Mapping[str, Any]


def open_hospital() -> Hospital:
    """The people and a model; no case yet."""
    people = {who: UserFactory.create() for who in ("all", "some", "few")}
    readers = [str(UserFactory.create().pk) for _ in range(READERS)]
    values: dict[str, Any] = {who: str(person.pk) for who, person in people.items()}
    values |= {"model": str(ModelVersionFactory.create().pk), "readers": readers, "reader_count": READERS}
    people["administrator"] = UserFactory.create(role="administrator")
    return Hospital(people, values | {"of_one": CASES_OF_ONE_PATIENT})


def grow(hospital: Hospital, *, since: int, cases: int) -> None:
    """Add cases, of which there were `since`, until there are so many."""
    values = {**hospital.values, "first": since + 1, "last": cases}
    with connection.cursor() as cursor, _unchecked(cursor):
        cursor.execute(DATA, values)
    with connection.cursor() as cursor:
        cursor.execute(KEPT, values)
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def _unchecked(cursor: Any) -> Iterator[None]:
    """Without triggers, and with references checked at the end: row by row they would take most of the time."""
    cursor.execute(REFERENCES, [list(TABLES)])
    references = cursor.fetchall()
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for table, name, _ in references:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table, name, definition in references:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
