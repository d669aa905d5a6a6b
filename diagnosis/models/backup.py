"""Backups that were made, so that the status page can say when the last one was."""

from django.db import models


class Backup(models.Model):
    """One complete backup, by the name of its folder. `problem_count`: files that were not whole and are not in it."""

    name = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    database_bytes = models.PositiveBigIntegerField()
    file_count = models.PositiveBigIntegerField()
    new_file_count = models.PositiveBigIntegerField()
    new_bytes = models.PositiveBigIntegerField()
    problem_count = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-ended_at", "-id"]
        indexes = [models.Index(fields=["-ended_at", "-id"], name="backup_newest_first")]

    def __str__(self) -> str:
        return self.name
