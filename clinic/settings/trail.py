"""The audit trail, and who may write to it."""

from datetime import timedelta
from pathlib import Path

from clinic.settings import environment

# The running application signs in to the database by a role that may add to the trail and change nothing of it.
# `manage.py migrate` signs in by the role that owns the tables. Where only one is named, it does both.
APPLICATION_DATABASE = environment.database("DATABASE_URL")
MIGRATION_DATABASE = environment.database(
    "MIGRATION_DATABASE_URL" if environment.given("MIGRATION_DATABASE_URL") else "DATABASE_URL"
)
# A process refuses to start with a role that could change the trail.
AUDIT_ROLE_MUST_BE_RESTRICTED = False

# Signed heads of the chain: one file a day, renewed every hour, where a change of the database does not reach them.
AUDIT_HEADS_DIR = environment.path("AUDIT_HEADS_DIR", Path(__file__).resolve().parents[2] / "var" / "audit-heads")
AUDIT_SIGNING_KEY = environment.text("AUDIT_SIGNING_KEY", "")
AUDIT_HEAD_PERIOD = timedelta(hours=1)

# What a page fetches again and again (its pictures, its polled lists) is one row a person and thing in this time.
AUDIT_LOOK_WINDOW = timedelta(minutes=5)
