"""One doctor's many waiting images, that can be taken out of the queue and put back at once."""

from dataclasses import dataclass
from io import BytesIO
from itertools import islice

from django.db.models import QuerySet
from django.db.models.functions import Now

from benchmarks.pictures import pictures
from clinic.models import Patient, User
from diagnosis.models import Analysis, AnalysisState, ModelVersion, SlideImage
from diagnosis.selectors.models import active_model
from diagnosis.services import analysis_queue, file_store
from mlcore.images import read_header
from tests.factories import CaseFactory, PatientFactory

FILES = 200  # as many different ones, and as many images a case


@dataclass
class Backlog:
    """The images of one doctor. Those that are done are replaced as they are put back."""

    assay: str
    model: ModelVersion
    patient: Patient
    files: list[dict[str, object]]

    @classmethod
    def of(cls, assay: str) -> "Backlog":
        """Their files and their doctor; none waits yet."""
        model = active_model(assay)
        assert model is not None, "no model is active"
        files = [_stored(one) for one in islice(pictures(assay), FILES)]
        return cls(assay, model, PatientFactory.create(), files)

    @property
    def doctor(self) -> User:
        """Whose they are."""
        return self.patient.created_by

    def put_back(self, count: int) -> None:
        """Have so many wait, and tell the workers."""
        while (missing := count - self._in(AnalysisState.CANCELLED).count()) > 0:
            self._add(min(missing, FILES))
        self._in(AnalysisState.CANCELLED).update(state=AnalysisState.QUEUED, queued_at=Now(), finished_at=None)
        for _ in range(analysis_queue.MOST_WAKE_UPS):
            analysis_queue.wake_workers_on_commit(self.model.pk)

    def put_aside(self) -> None:
        """Have none of them wait any more. What the workers have taken, they finish."""
        self._in(AnalysisState.QUEUED).update(state=AnalysisState.CANCELLED, finished_at=Now())

    def done(self) -> int:
        """How many have their results."""
        return self._in(AnalysisState.SUCCEEDED).count()

    def in_hand(self) -> int:
        """How many the workers are at."""
        return self._in(AnalysisState.RUNNING).count()

    def _in(self, state: AnalysisState) -> QuerySet[Analysis]:
        return Analysis.objects.filter(requested_by=self.doctor, state=state)

    def _add(self, count: int) -> None:
        """Rows as an upload leaves them, in a case of their own, and out of the queue."""
        case = CaseFactory.create(patient=self.patient, assay=self.assay)
        images = [SlideImage(case=case, created_by=self.doctor, **one) for one in self.files[:count]]
        own = {"model_version": self.model, "requested_by": self.doctor}
        aside = {"state": AnalysisState.CANCELLED, "finished_at": case.created_at}
        Analysis.objects.bulk_create(
            Analysis(image=one, **own, **aside) for one in SlideImage.objects.bulk_create(images)
        )


def _stored(content: bytes) -> dict[str, object]:
    header = read_header(BytesIO(content), minimum_side=1)
    return {
        "uploaded_name": "field",
        "sha256": file_store.put(content),
        "size_bytes": len(content),
        "file_format": header.format,
        "width": header.width,
        "height": header.height,
    }
