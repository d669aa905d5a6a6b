"""Files that an erasure left without a row."""

from django.db import models


class FileToRemove(models.Model):
    """A digest that an erased record referred to. Written with the erasure, gone once the file store is done with it.

    Whoever removes the file looks first whether another row refers to the same bytes.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    noted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256
