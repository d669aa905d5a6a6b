"""What a worker does with a batch, with a model that comes with the project."""

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import Settings

from clinic.models import AuditEvent, User
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion, Prediction, Verdict
from diagnosis.selectors.suggestions import standing_prediction
from diagnosis.services import analysing, analysis_queue, file_store, predictors, reanalysis_queue
from diagnosis.services.model_registry import activate_model, register_model
from diagnosis.services.reanalysing import reanalyse_case
from diagnosis.services.replaying import Replay
from diagnosis.services.uploads import accept_image
from mlcore.assays import ASSAYS
from tests.factories import CaseFactory, ModelVersionFactory, PredictionFactory, drawn_png, upload
from tests.mlcore import bundles

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(params=sorted(ASSAYS))
def bundled(request: pytest.FixtureRequest, db: None) -> ModelVersion:
    """Each model of the project in turn, registered and active."""
    return activate_model(model=register_model(content=(ROOT / "bundles" / f"{request.param}.bundle").read_bytes()))


@pytest.fixture
def specimen(case: Case, bundled: ModelVersion) -> Case:
    """A case of the model's assay."""
    return case if case.assay == bundled.assay else CaseFactory.create(patient=case.patient, assay=bundled.assay)


def take_in(specimen: Case, owner: User, *, name: str = "field.png", content: bytes | None = None) -> Analysis:
    kind = specimen.get_assay().classes[1]
    file = upload(name=name, content=content or drawn_png(assay=specimen.assay, kind=kind, seed=5))
    return accept_image(case=specimen, uploaded_by=owner, file=file).analysis


def analyse(model: ModelVersion) -> None:
    while analysing.analyse_next_batch(model_version_id=model.pk):
        pass


def test_it_stores_one_prediction_with_its_files_and_its_trail(
    specimen: Case, bundled: ModelVersion, owner: User
) -> None:
    analysis = take_in(specimen, owner)
    analyse(bundled)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.attempts, analysis.lease_token) == (AnalysisState.SUCCEEDED, 1, None)
    prediction = analysis.prediction
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert set(prediction.probabilities) == set(specimen.get_assay().classes)
    assert prediction.model_sha256 == bundled.sha256
    assert prediction.verdict in Verdict.values
    with Image.open(io.BytesIO(file_store.get(prediction.mask_sha256))) as mask:
        assert mask.size == (analysis.image.width, analysis.image.height)
        assert set(mask.convert("L").tobytes()) <= {0, 255}
    for sha256 in (prediction.outline_sha256, prediction.map_sha256):
        with Image.open(io.BytesIO(file_store.get(sha256))) as overlay:
            assert overlay.has_transparency_data
    event = AuditEvent.objects.get(action="analysis.succeeded")
    assert (event.patient_id, event.subject_id) == (specimen.patient_id, str(analysis.pk))


def test_a_prototypes_network_is_served_without_a_map(tissue_case: Case, owner: User, tmp_path: Path) -> None:
    bundles.write(tmp_path / "prototype.bundle", bundles.prototype())
    prototype = activate_model(model=register_model(content=(tmp_path / "prototype.bundle").read_bytes()))
    take_in(tissue_case, owner)
    analyse(prototype)
    prediction = Prediction.objects.get()
    assert prediction.model_sha256 == prototype.sha256
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert prediction.map_sha256 == ""


def test_the_malignant_classes_are_summed(specimen: Case, bundled: ModelVersion, owner: User) -> None:
    take_in(specimen, owner)
    analyse(bundled)
    prediction = Prediction.objects.get()
    malignant = [prediction.probabilities[name] for name in specimen.get_assay().malignant]
    assert prediction.malignant_probability == pytest.approx(sum(malignant), abs=1e-12)


def test_a_damaged_image_fails_with_a_reason_and_its_siblings_succeed(
    specimen: Case, bundled: ModelVersion, owner: User
) -> None:
    good = take_in(specimen, owner)
    cut = take_in(specimen, owner, content=drawn_png(assay=specimen.assay, seed=6)[:-900])
    analyse(bundled)
    good.refresh_from_db()
    cut.refresh_from_db()
    assert (good.state, cut.state) == (AnalysisState.SUCCEEDED, AnalysisState.FAILED)
    assert cut.failure_message.endswith(".")
    assert AuditEvent.objects.get(action="analysis.failed").detail["code"] == cut.failure_code


def test_a_flipped_bit_in_a_stored_image_is_a_refusal(
    specimen: Case, bundled: ModelVersion, owner: User, settings: Settings
) -> None:
    analysis = take_in(specimen, owner)
    flip_a_bit(Path(settings.MEDIA_ROOT), analysis.image.sha256)
    analyse(bundled)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.failure_code) == (AnalysisState.FAILED, "damaged_file")
    assert not Prediction.objects.exists()


def test_uploading_a_damaged_image_again_repairs_it_and_reads_it(
    specimen: Case, bundled: ModelVersion, owner: User, settings: Settings
) -> None:
    analysis = take_in(specimen, owner)
    flip_a_bit(Path(settings.MEDIA_ROOT), analysis.image.sha256)
    analyse(bundled)
    take_in(specimen, owner)
    analyse(bundled)
    analysis.refresh_from_db()
    assert analysis.state == AnalysisState.SUCCEEDED
    assert Prediction.objects.count() == 1


def test_a_flipped_bit_in_a_stored_model_is_never_a_prediction(
    specimen: Case, bundled: ModelVersion, owner: User, settings: Settings
) -> None:
    predictors.forget()
    analysis = take_in(specimen, owner)
    flip_a_bit(Path(settings.MEDIA_ROOT), bundled.sha256)
    for _ in range(3):
        with pytest.raises(file_store.DamagedFile):
            analyse(bundled)
    analysis.refresh_from_db()
    assert analysis.state == AnalysisState.QUARANTINED
    assert not Prediction.objects.exists()


def test_a_late_twin_writes_nothing(
    specimen: Case, bundled: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker stalls until its lease is lost and a second one has stored the result."""
    take_in(specimen, owner)

    def stall(model: ModelVersion) -> object:
        monkeypatch.undo()
        Analysis.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
        analysis_queue.sweep()
        analyse(bundled)
        return predictors.get_predictor(model)

    monkeypatch.setattr(analysing, "get_predictor", stall)
    with CaptureQueriesContext(connection) as queries:
        analysing.analyse_next_batch(model_version_id=bundled.pk)
    images = [one["sql"] for one in queries if one["sql"].startswith('UPDATE "diagnosis_slideimage"')]
    assert len(images) == 1  # the second worker's
    assert Prediction.objects.count() == 1
    assert AuditEvent.objects.filter(action="analysis.succeeded").count() == 1
    assert Analysis.objects.get().attempts == 2


def test_the_command_line_gives_the_same_numbers_digit_for_digit(
    specimen: Case, bundled: ModelVersion, owner: User, tmp_path: Path, settings: Settings
) -> None:
    content = drawn_png(assay=specimen.assay, kind=specimen.get_assay().classes[-1], seed=9)
    for seed in range(5):  # among others in a batch, as in a worker
        take_in(specimen, owner, content=drawn_png(assay=specimen.assay, seed=seed))
    analysis = take_in(specimen, owner, content=content)
    analyse(bundled)
    path = tmp_path / "image.png"
    path.write_bytes(content)
    bundle = ROOT / "bundles" / f"{specimen.assay}.bundle"
    command = [sys.executable, "-m", "mlcore", "predict", "--model", str(bundle), "--cache", str(settings.MODEL_CACHE)]
    done = subprocess.run([*command, "--json", str(path)], cwd=ROOT, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    stored = Prediction.objects.get(analysis=analysis)
    assert said["probabilities"] == stored.probabilities
    assert (said["label"] or "", said["verdict"], said["model"]) == (stored.label, stored.verdict, bundled.sha256)


def test_a_batch_makes_room_for_somebody_else_and_goes_on_afterwards(
    specimen: Case, bundled: ModelVersion, owner: User, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One doctor's many images are stored and put back in the middle of a batch when another doctor sends one."""
    for seed in range(4 * analysis_queue.SHARES):
        take_in(specimen, owner, content=drawn_png(assay=specimen.assay, seed=seed))
    arriving = iter([drawn_png(assay=specimen.assay, seed=999)])
    decode = analysing._decode

    def meanwhile(analysis: Analysis) -> object:
        for content in arriving:
            take_in(specimen, colleague, content=content)
        return decode(analysis)

    monkeypatch.setattr(analysing, "_decode", meanwhile)
    analysing.analyse_next_batch(model_version_id=bundled.pk)
    assert Analysis.objects.filter(state=AnalysisState.SUCCEEDED).count() == analysis_queue.STEP
    assert not Analysis.objects.filter(state=AnalysisState.RUNNING).exists()
    analysing.analyse_next_batch(model_version_id=bundled.pk)
    assert Analysis.objects.get(requested_by=colleague).state == AnalysisState.SUCCEEDED
    analyse(bundled)
    assert Prediction.objects.count() == 4 * analysis_queue.SHARES + 1
    assert set(Analysis.objects.values_list("attempts", flat=True)) == {1}


def test_whoever_has_one_image_in_a_batch_gets_its_result_before_the_rest(
    specimen: Case, bundled: ModelVersion, owner: User, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(4 * analysis_queue.SHARES):
        take_in(specimen, owner, content=drawn_png(assay=specimen.assay, seed=seed))
    single = take_in(specimen, colleague, content=drawn_png(assay=specimen.assay, seed=999))
    states: list[str] = []
    decode = analysing._decode

    def looking_on(analysis: Analysis) -> object:
        states.append(Analysis.objects.get(pk=single.pk).state)
        return decode(analysis)

    monkeypatch.setattr(analysing, "_decode", looking_on)
    analysing.analyse_next_batch(model_version_id=bundled.pk)
    assert states == ["running"] * 2 + ["succeeded"] * 3


def test_replaying_proves_a_stored_result(
    specimen: Case, bundled: ModelVersion, owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    analysis = take_in(specimen, owner)
    with pytest.raises(CommandError, match="no finished analysis"):
        call_command("replay", str(analysis.pk))
    analyse(bundled)
    call_command("replay", str(analysis.pk))
    assert "Identical, digit for digit." in capsys.readouterr().out


def test_replaying_proves_an_old_result_once_a_newer_version_has_read_the_image(
    specimen: Case, bundled: ModelVersion, owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    old = take_in(specimen, owner)
    analyse(bundled)
    ModelVersion.objects.filter(pk=bundled.pk).update(state="retired")
    newer = ModelVersionFactory.create(assay=bundled.assay, version="newer")
    reanalysis = reanalyse_case(case=specimen, requested_by=owner)
    while reanalysis_queue.queue_some(reanalysis_id=reanalysis.pk):
        pass
    analysis_queue.claim(model_version_id=newer.pk)
    PredictionFactory.create(analysis=newer.analyses.get())
    analysis_queue.finish([newer.analyses.get().pk], state=AnalysisState.SUCCEEDED)
    assert standing_prediction(old.image) != old.prediction
    call_command("replay", str(old.pk))
    assert "Identical, digit for digit." in capsys.readouterr().out
    call_command("replay", "--model", str(bundled.pk))
    assert "1 result proved, digit for digit." in capsys.readouterr().out
    call_command("replay", "--case", str(specimen.pk), "--model", str(bundled.pk))
    assert "1 result proved" in capsys.readouterr().out


def test_replaying_many_names_those_that_differ(
    specimen: Case, bundled: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = take_in(specimen, owner)
    analyse(bundled)
    monkeypatch.setattr(Replay, "is_identical", False)
    with pytest.raises(CommandError, match="1 of 1 results"):
        call_command("replay", "--case", str(specimen.pk), stderr=(said := io.StringIO()))
    assert str(analysis.pk) in said.getvalue()


@pytest.mark.parametrize("entries", [[], ["--case", "no id"]])
def test_replaying_says_what_it_needs(entries: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("replay", *entries)


def flip_a_bit(folder: Path, sha256: str) -> None:
    path = next(folder.rglob(sha256))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
