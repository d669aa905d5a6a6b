"""How many analyses ended how, and how long they took: kept beside the rows, so that nobody has to count a million."""

from django.db import models

LIMITS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)  # seconds
MORE = float("inf")


class AnalysisTally(models.Model):
    """Analyses that ended in one state, for one reason, within `within` seconds and not within the next lower limit.

    Whoever ends analyses adds a row and waits for nobody; the sweeper puts rows of one kind together. An analysis that
    is retried and ends again counts again.
    """

    state = models.CharField(max_length=20)
    reason = models.CharField(max_length=50, blank=True)
    within = models.FloatField()
    count = models.PositiveBigIntegerField()
    seconds = models.FloatField()

    class Meta:
        verbose_name_plural = "analysis tallies"

    def __str__(self) -> str:
        return f"{self.count} {self.state} {self.reason}"
