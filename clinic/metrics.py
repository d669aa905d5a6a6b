"""Counts of requests for Prometheus. Facts that stand in the database are read there: diagnosis/selectors/figures.py.

Each web process counts for itself. Where there are several, gunicorn.conf.py names a folder in PROMETHEUS_MULTIPROC_DIR
in which they keep their counts, and any of them adds up all when it is asked.
"""

import os
from http import HTTPMethod

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset(HTTPMethod)

own = CollectorRegistry()
REQUESTS = Counter("second_read_requests", "Requests answered.", ["method", "view", "status"], registry=own)
SECONDS = Histogram(
    "second_read_request_seconds", "Time to answer a request.", ["method", "view"], buckets=BUCKETS, registry=own
)


def note_request(*, method: str, view: str, status: int, seconds: float) -> None:
    """Count one request. A made-up method is no label of its own: there are as many as somebody likes."""
    if not settings.METRICS:
        return
    known = method if method in METHODS else "other"
    REQUESTS.labels(known, view, str(status)).inc()
    SECONDS.labels(known, view).observe(seconds)


def registry_with(*collectors: Collector) -> CollectorRegistry:
    """What to answer with: the counts of all web processes, and what the collectors find."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(own)
    for one in collectors:
        registry.register(one)
    return registry
