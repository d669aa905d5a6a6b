"""Counting requests to the API: one statement each, in a table that is not logged."""

import time
from dataclasses import dataclass

from django.db import connection

SECONDS = 60

# By the database's clock, the same for every web process. Who has not come for a while is forgotten on the way.
COUNT = """
    WITH now AS (SELECT floor(extract(epoch FROM clock_timestamp()) / 60)::bigint AS minute),
    forgotten AS (
        DELETE FROM clinic_requestcount WHERE key IN (
            SELECT key FROM clinic_requestcount
            WHERE minute < (SELECT minute FROM now) - 10 AND key <> %(key)s LIMIT 100 FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO clinic_requestcount AS known (key, minute, count) SELECT %(key)s, minute, 1 FROM now
    ON CONFLICT (key) DO UPDATE
    SET count = CASE WHEN known.minute = EXCLUDED.minute THEN known.count + 1 ELSE 1 END, minute = EXCLUDED.minute
    RETURNING count
"""


@dataclass(frozen=True)
class Counted:
    """How many requests there were in this minute, this one included, and how many seconds of it are left."""

    count: int
    seconds_left: int


def count_request(key: str) -> Counted:
    """Count one more."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key})
        (count,) = cursor.fetchone() or (1,)
    left = SECONDS - time.time() % SECONDS
    return Counted(count=count, seconds_left=max(1, round(left)))
