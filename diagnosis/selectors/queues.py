"""Which of the broker's queues work is announced in."""

from functools import lru_cache
from uuid import UUID

from django.conf import settings

from diagnosis.models import ModelVersion


def queue_of(model_version_id: UUID) -> str:
    """The queue of the workers that analyse with a model; empty for that of all workers."""
    if not settings.ANALYSIS_OWN_QUEUES:
        return ""
    assay = _assay_of(model_version_id)
    return f"analyses-{assay}" if assay in settings.ANALYSIS_OWN_QUEUES else ""


@lru_cache(maxsize=256)
def _assay_of(model_version_id: UUID) -> str:  # never changes
    return ModelVersion.objects.values_list("assay", flat=True).get(pk=model_version_id)
