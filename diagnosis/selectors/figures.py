"""How the site's work stands, in figures for Prometheus: facts of the database, the same whichever process is asked.

As on the status page, each costs the same at a million analyses: what waits and runs has an index of its own, and what
has ended is counted as it ends (AnalysisTally).
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from django.db import DatabaseError
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from clinic.models import WorkerProcess
from clinic.services.readiness import readiness
from clinic.version import VERSION
from diagnosis.models import Analysis, AnalysisState, AnalysisTally, Backup, CheckedThing, ModelVersion
from diagnosis.models.analysis_tally import LIMITS, MORE
from diagnosis.selectors.site_status import free_bytes, last_check, queues


class SiteFigures(Collector):
    """Collected when they are asked for. Without a database only what needs none is told."""

    def collect(self) -> Iterator[Metric]:
        yield gauge("build", "The version that answers; always 1.", (1, {"version": VERSION}))
        yield gauge("storage_free_bytes", "Free where files are kept; absent with an object store.", (free_bytes(), {}))
        try:
            yield from [*_parts(), *_queue(), *_workers(), *_ended(), *_backup(), *_checks()]
        except DatabaseError:
            yield gauge("part_ready", "Whether a part does its work.", (0, {"part": "database"}))


def gauge(name: str, what: str, *samples: tuple[float | None, dict[str, str]]) -> GaugeMetricFamily:
    """A figure by its labels; those that are not known are left out."""
    labels = list(samples[0][1]) if samples else []
    figure = GaugeMetricFamily(f"second_read_{name}", what, labels=labels)
    for value, own in samples:
        if value is not None:
            figure.add_metric([own[label] for label in labels], value)
    return figure


def _parts() -> Iterator[Metric]:
    found = readiness().parts.items()
    yield gauge(
        "part_ready", "Whether a part does its work.", *((not problem, {"part": part}) for part, problem in found)
    )


def _queue() -> Iterator[Metric]:
    now, waiting = timezone.now(), [(queue, _of(queue.model)) for queue in queues()]
    yield gauge(
        "queue_waiting", "Analyses that wait; counted up to 10000.", *((one.waiting, of) for one, of in waiting)
    )
    yield gauge(
        "queue_full", "Whether uploads are put off until less waits.", *((int(one.is_full), of) for one, of in waiting)
    )
    ages = (((now - one.oldest).total_seconds(), of) for one, of in waiting)
    yield gauge("queue_oldest_seconds", "How long the oldest analysis has waited.", *ages)
    running = Analysis.objects.filter(state=AnalysisState.RUNNING).order_by()
    figures = running.aggregate(all=Count("pk"), lost=Count("pk", filter=Q(lease_expires_at__lt=Now())))
    yield gauge("analyses_running", "Analyses that a worker has taken.", (figures["all"], {}))
    yield gauge("analyses_lost", "Of these, those of which nothing was heard in time.", (figures["lost"], {}))


def _of(model: ModelVersion) -> dict[str, str]:
    return {"assay": model.assay, "model": f"{model.name} {model.version}"}


def _workers() -> Iterator[Metric]:
    found = WorkerProcess.objects.aggregate(count=Count("pk"), progress=Max("progress_at"))
    yield gauge("worker_processes", "Processes of workers that were heard of in the last day.", (found["count"], {}))
    progress = found["progress"].timestamp() if found["progress"] else None
    yield gauge("worker_progress_timestamp_seconds", "When a worker last finished something.", (progress, {}))


def _ended() -> Iterator[Metric]:
    kinds = AnalysisTally.objects.values_list("state", "reason", "within").annotate(Sum("count"), Sum("seconds"))
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    done: defaultdict[float, int] = defaultdict(int)
    seconds = 0.0
    for state, reason, within, count, took in kinds:
        counts[state, reason] += count
        if state == AnalysisState.SUCCEEDED:
            done[within] += count
            seconds += took
    ended = CounterMetricFamily("second_read_analyses_ended", "Analyses that ended.", labels=["state", "reason"])
    for labels, count in sorted(counts.items()):
        ended.add_metric(labels, count)
    yield ended
    limits = (*LIMITS, MORE)
    buckets = [("+Inf" if limit == MORE else str(limit), total)
               for limit, total in zip(limits, accumulate(done[limit] for limit in limits), strict=True)]  # fmt: skip
    yield HistogramMetricFamily(
        "second_read_analysis_seconds",
        "From the upload (or a retry) to the result.",
        buckets=buckets,
        sum_value=seconds,
    )


def _backup() -> Iterator[Metric]:
    last = Backup.objects.first()
    ended, problems = (last.ended_at.timestamp(), last.problem_count) if last else (None, None)
    yield gauge("backup_timestamp_seconds", "When the last backup ended.", (ended, {}))
    yield gauge("backup_problems", "Files that were not whole and are not in it.", (problems, {}))


def _checks() -> Iterator[Metric]:
    checks = [(one, {"thing": one.thing}) for thing in CheckedThing if (one := last_check(thing))]
    ended = ((one.ended_at.timestamp() if one.ended_at else None, of) for one, of in checks)
    yield gauge("check_timestamp_seconds", "When files, and the trail, were last proved.", *ended)
    yield gauge("check_problems", "What that found.", *((one.problem_count, of) for one, of in checks))
