"""The REST API's conventions."""

from datetime import timedelta

# For how long the answer to a POST with an Idempotency-Key is given again.
IDEMPOTENCY_KEPT = timedelta(days=1)
# When to ask again while the first of two equal requests is still being worked on.
IDEMPOTENCY_WAIT = timedelta(seconds=1)
