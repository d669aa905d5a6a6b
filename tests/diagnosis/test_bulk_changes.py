"""A change of many things writes a row of the trail for each of them."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from clinic.models import AuditEvent
from diagnosis.models import Analysis, AnalysisState, ModelVersion
from diagnosis.services import analysis_queue
from tests.factories import AnalysisFactory


def test_analyses_that_are_taken_back_at_once_are_as_many_rows(model: ModelVersion) -> None:
    lost = [
        AnalysisFactory.create(
            model_version=model,
            state=AnalysisState.RUNNING,
            attempts=attempts,
            lease_token=uuid4(),
            lease_expires_at=timezone.now() - timedelta(minutes=1),
        )
        for attempts in (1, 1, 2, 3, 3)
    ]
    analysis_queue.sweep()
    events = AuditEvent.objects.filter(subject_type="diagnosis.analysis")
    assert sorted(events.values_list("subject_id", flat=True)) == sorted(str(analysis.pk) for analysis in lost)
    assert all(event.patient_id for event in events)
    assert Analysis.objects.filter(state=AnalysisState.QUARANTINED).count() == 2
