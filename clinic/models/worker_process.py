"""The processes that do the work, and when each last got something done."""

from django.db import models
from django.db.models.functions import Now


class WorkerProcess(models.Model):
    """One process of a worker, by the worker's name and the process's number.

    `progress_at` is when a task last ended well: a process that is there and gets nothing done shows by it.
    """

    name = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    progress_at = models.DateTimeField(null=True, blank=True)
    doing = models.CharField(max_length=100, blank=True)  # the task's name; empty between two
    doing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "worker processes"
        indexes = [models.Index(fields=["-progress_at"], name="worker_progress")]

    def __str__(self) -> str:
        return self.name
