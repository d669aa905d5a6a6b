"""How many requests came to the API lately."""

from django.db import models


class RequestCount(models.Model):
    """Requests of one token, person or network in one minute; the next minute's replace them.

    The table is not logged: counting then waits for no disk, and what is lost in a crash is a minute's counts.
    """

    key = models.CharField(max_length=80, primary_key=True)
    minute = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["minute"], name="request_count_by_minute")]

    def __str__(self) -> str:
        return f"{self.count} of {self.key}"
