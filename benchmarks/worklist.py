"""How long pages of the worklist take at a hospital's size, and what keeping its numbers costs an upload.

    python -m embedded exec --temporary -- python -m benchmarks.worklist

Makes its own data, so give it a database that is thrown away: so many cases, one a patient, with images, analyses,
predictions and readings. One doctor looks after all patients, one after a fiftieth of them, one after fifty. Each page
is asked for as a browser does, through views and templates. Of the repetitions the quickest quarter counts, the one
that was disturbed least.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.test.utils import setup_test_environment

from benchmarks.start import prepare

TABLES = (
    "clinic_patient", "clinic_careteammembership", "diagnosis_case", "diagnosis_slideimage", "diagnosis_analysis",
    "diagnosis_prediction", "diagnosis_reading", "diagnosis_report", "diagnosis_readingrequest",
)  # fmt: skip

# Of every ten cases six are unread (some of them in doubt, some failed), two half read, one to sign and one signed.
DATA = """
CREATE TEMP TABLE numbered AS SELECT n, gen_random_uuid() AS patient, gen_random_uuid() AS case_id
FROM generate_series(1, %(cases)s) n;
INSERT INTO clinic_patient (id, record_number, family_name, given_name, created_at, created_by_id)
SELECT patient, 'MRN-' || n, 'Family' || n, 'Given', now(), %(all)s::uuid FROM numbered;
INSERT INTO clinic_careteammembership (patient_id, user_id, added_at, added_by_id)
SELECT patient, %(all)s::uuid, now(), %(all)s::uuid FROM numbered
UNION ALL SELECT patient, %(some)s::uuid, now(), %(all)s::uuid FROM numbered WHERE n %% 50 = 0
UNION ALL SELECT patient, %(few)s::uuid, now(), %(all)s::uuid FROM numbered WHERE n %% (%(cases)s / 50) = 0;
INSERT INTO diagnosis_case (id, patient_id, assay, specimen_date, urgency, note, created_at, created_by_id)
SELECT case_id, patient, 'leukemia', date '2024-01-01' + (n %% 700),
       CASE WHEN n %% 200 = 0 THEN 'emergency' WHEN n %% 20 = 0 THEN 'urgent' ELSE 'routine' END, '', now(),
       %(all)s::uuid
FROM numbered;
CREATE TEMP TABLE pictures AS SELECT n, i, case_id, gen_random_uuid() AS image, gen_random_uuid() AS analysis
FROM numbered, generate_series(1, %(images)s) i;
INSERT INTO diagnosis_slideimage (id, case_id, uploaded_name, sha256, size_bytes, file_format, width, height,
                                  display_sha256, thumbnail_sha256, created_at, created_by_id, withdrawal_reason)
SELECT image, case_id, 'field.png', md5(image::text), 1000, 'PNG', 224, 224, '', '', now(), %(all)s::uuid, ''
FROM pictures;
INSERT INTO diagnosis_analysis (id, image_id, model_version_id, state, attempts, failure_code, failure_message,
                                created_at, finished_at, requested_by_id)
SELECT analysis, image, %(model)s::uuid, CASE WHEN is_failed THEN 'failed' ELSE 'succeeded' END, 1,
       CASE WHEN is_failed THEN 'x' ELSE '' END, CASE WHEN is_failed THEN 'x' ELSE '' END, now(), now(), %(all)s::uuid
FROM (SELECT *, n %% 97 = 0 AND i = 1 AS is_failed FROM pictures) each;
INSERT INTO diagnosis_prediction (id, analysis_id, verdict, label, confidence, malignant_probability, probabilities,
                                  prediction_set, in_scope_score, mask_sha256, outline_sha256, map_sha256,
                                  mask_area_fraction, contour_count, model_sha256, created_at)
SELECT gen_random_uuid(), analysis, CASE WHEN n %% 11 = 0 AND i = 2 THEN 'refer' ELSE 'confident' END, 'Pre', 0.9,
       (n %% 10) / 10.0, '{}', '{}', 1, '', '', '', 0.1, 1, '', now()
FROM pictures WHERE NOT (n %% 97 = 0 AND i = 1);
INSERT INTO diagnosis_reading (id, image_id, reader_id, role, answer, label, reason, comment, was_blinded,
                               change_reason, opened_at)
SELECT gen_random_uuid(), image, %(all)s::uuid, 'first', 'own_class', 'Pre', '', '', false, '', now()
FROM pictures WHERE n %% 10 < 2 OR n %% 10 < 4 AND i <= %(images)s / 2;
INSERT INTO diagnosis_report (id, case_id, version, content, content_digest, amendment_reason, signed_by_id,
                              confirmed_by, image_count, withdrawn_count, reading_count, created_at)
SELECT gen_random_uuid(), case_id, 1, '{}', '', '', %(all)s::uuid, 'password', %(images)s, 0, %(images)s,
       clock_timestamp()
FROM numbered WHERE n %% 10 = 0;
INSERT INTO diagnosis_readingrequest (id, image_id, kind, asked_of_id, asked_by_id, state, created_at, decline_reason)
SELECT gen_random_uuid(), image, 'second', %(all)s::uuid, %(some)s::uuid, 'open', now(), ''
FROM pictures WHERE n %% 500 = 5 AND i = 1;
"""
FILL = """
SELECT count(diagnosis_renew_standing(id)) FROM diagnosis_case;
INSERT INTO diagnosis_caseinvolvement (case_id, doctor_id) SELECT id, created_by_id FROM diagnosis_case;
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=10, help="a case")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--explain", action="store_true", help="print the plans of slow queries too")
    options = parser.parse_args()
    prepare()
    setup_test_environment()  # answers tell what they were rendered with
    people = make(options)
    for who, client in people.items():
        measure(who, client, options)


def make(options: argparse.Namespace) -> dict[str, Any]:
    """The data, and a signed-in browser of each doctor."""
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from tests.factories import ModelVersionFactory, UserFactory  # noqa: PLC0415

    people = {who: UserFactory.create() for who in ("all", "some", "few")}
    model = ModelVersionFactory.create()
    values = {name: str(person.pk) for name, person in people.items()}
    values |= {"model": str(model.pk), "cases": options.cases, "images": options.images}
    with connection.cursor() as cursor:
        switch(cursor, "DISABLE")
        report("data made", lambda: cursor.execute(DATA, values))
        switch(cursor, "ENABLE")
        cursor.execute("ANALYZE")
        report("standings worked out", lambda: cursor.execute(FILL))
        cursor.execute("VACUUM ANALYZE")
    clients = {who: Client() for who in people}
    for who, person in people.items():
        clients[who].force_login(person)
    return clients


def switch(cursor: Any, how: str) -> None:
    """Switch triggers: a million rows are made at once."""
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} {how} TRIGGER USER")


def report(what: str, act: Callable[[], object]) -> None:
    """Do it once and say how long it took."""
    started = time.perf_counter()
    act()
    print(f"{what:28} {time.perf_counter() - started:8.1f} s", flush=True)


def measure(who: str, client: Any, options: argparse.Namespace) -> None:
    """Every tab's first page, the pages after it, and filters."""
    addresses = {tab: f"/worklist/?tab={tab}" for tab in ("to-read", "to-sign", "failed", "mine", "done")}
    addresses |= {
        "verdict": "/worklist/?verdict=refer",
        "no such verdict": "/worklist/?verdict=out_of_scope",
        "urgency and dates": "/worklist/?urgency=urgent&since=2025-01-01&until=2025-02-01",
        "other assay": "/worklist/?assay=breast",
        "polled": "/worklist/live/?tab=to-read",
    }
    for what, address in addresses.items():
        timed(f"{who}: {what}", partial(client.get, address), options)
    timed(f"{who}: search", lambda: client.post("/worklist/", {"query": "family77"}), options)
    older = "/worklist/"
    for _ in range(20):
        place = client.get(older).context["worklist"].page.older
        older = f"/worklist/?after={place}" if place else "/worklist/"
    timed(f"{who}: 20 pages on", lambda: client.get(older), options)


def timed(what: str, act: Callable[[], Any], options: argparse.Namespace) -> None:
    """The quickest quarter of the repetitions, and the slowest query of the last."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    times = []
    for _ in range(options.rounds):
        started = time.perf_counter()
        answer = act()
        times.append(time.perf_counter() - started)
    with CaptureQueriesContext(connection) as captured:
        act()
    slowest = max(captured.captured_queries, key=lambda query: float(query["time"]))
    quickest = statistics.mean(sorted(times)[: max(1, len(times) // 4)])
    print(
        f"{what:28} {1000 * quickest:8.1f} ms  status {answer.status_code}, "
        f"{len(captured)} queries, the slowest {1000 * float(slowest['time']):.0f} ms",
        flush=True,
    )
    if options.explain and float(slowest["time"]) > 0.03:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN ANALYZE " + slowest["sql"])
            print("\n".join(line for (line,) in cursor.fetchall()))


if __name__ == "__main__":
    main()
