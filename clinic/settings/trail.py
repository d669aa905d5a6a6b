"""The audit trail."""

from datetime import timedelta

# What a page fetches again and again (its pictures, its polled lists) is one row a person and thing in this time.
AUDIT_LOOK_WINDOW = timedelta(minutes=5)
