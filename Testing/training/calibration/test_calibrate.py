"""A calibration from command to result: resumed, atomic, stated by the engine, and without a trace where there is none."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import hemorrhage
from hemorrhage.commands import main
from hemorrhage.errors import ArgumentError, Interrupted, ModelError
from hemorrhage.head_ct import HeadCT
from hemorrhage.interval_kind import IntervalKind
from hemorrhage.measures.calibrated_interval import corrected_interval
from hemorrhage.measures.temperature import tempered
from hemorrhage.models import load_model, verify_model
from hemorrhage.models.calibrating import store_calibration
from hemorrhage.progress import Progress, Stage
from hemorrhage_training.calibration.calibrate import calibrate_model
from hemorrhage_training.calibration.calibration_cases import (
    FIRST_SIMULATED_SEED,
    folder_cases,
    open_cases,
    simulated_cases,
)
from hemorrhage_training.calibration.case_record import Sampling
from hemorrhage_training.calibration.conformal import conformal_quantile

SAMPLING = Sampling(samples=2, transforms=1, device="cpu")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def calibrated(tiny_model: Path, phantom_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model after ``hemorrhage calibrate``; `work` beside it keeps the records."""
    folder = tmp_path_factory.mktemp("calibrated")
    model = Path(shutil.copytree(tiny_model, folder / "tiny"))
    options = ("--samples", 2, "--transforms", 1, "--device", "cpu", "--work", folder / "work")
    assert run("calibrate", model, phantom_data, *options, "--progress", "json") == 0
    return model


def test_card_says_what_was_done_and_the_model_stays_what_it_was(calibrated, tiny_model):
    before, after = load_model(tiny_model), verify_model(calibrated)
    assert before.card.calibration is None
    assert after.sha256 == before.sha256
    found = after.card.calibration
    assert found is not None
    assert after.card.model_copy(update={"calibration": None}) == before.card
    assert (found.level, found.data.cases, found.data.with_hemorrhage) == (0.9, 22, 18)
    assert (found.sampling.method, found.sampling.samples, found.sampling.transforms) == ("tta", 2, 1)
    assert len(found.sampling.presets) == 1
    assert "Dataset042_Phantoms" in found.data.description
    assert set(found.volumes) == {"IPH", "SDH", "total"}
    assert all(sum(stratum.cases for stratum in volume.strata) == 22 for volume in found.volumes.values())
    assert found.temperature.nll_after <= found.temperature.nll_before
    assert {entry.name for entry in calibrated.iterdir()} == {entry.name for entry in tiny_model.iterdir()}


def test_corrections_are_the_quantiles_of_the_recorded_volumes(calibrated):
    """Recomputed by hand from the files of the work folder."""
    found = load_model(calibrated).card.calibration
    assert found is not None
    records = [json.loads(path.read_text()) for path in (calibrated.parent / "work").glob("*.json")]
    for name, volume in found.volumes.items():
        rows = [record["volumes"][name] for record in records]
        assert volume.largest_ml == max(row["predicted_ml"] for row in rows)
        for stratum in volume.strata:
            inside = [row for row in rows if stratum.holds(row["predicted_ml"])]
            assert stratum.cases == len(inside)
            roots = [[row[key] ** (1 / 3) for key in ("low_ml", "high_ml", "reference_ml")] for row in inside]
            if len(inside) < 20:
                assert stratum.low_correction is stratum.high_correction is None
                continue
            each, upper = (
                math.ceil(round((len(inside) + 1) * share, 6)) - 1 for share in (0.95, 0.9 if stratum.up_to_ml == 0 else 0.95)
            )
            assert stratum.low_correction == pytest.approx(sorted(low - true for low, _, true in roots)[each])
            assert stratum.high_correction == pytest.approx(sorted(true - high for _, high, true in roots)[upper])
    assert any(stratum.low_correction is not None for volume in found.volumes.values() for stratum in volume.strata)
    voxels = sum(record["voxels"] for record in records)
    assert found.temperature.voxels == voxels > 0


def test_only_intervals_differ_and_the_result_says_so(calibrated, tiny_model, phantom_ct, tmp_path):
    plain = hemorrhage.segment(phantom_ct, tiny_model, samples=2, transforms=1, device="cpu")
    stated = hemorrhage.segment(phantom_ct, calibrated, samples=2, transforms=1, device="cpu")
    for field in dataclasses.fields(plain):
        ours, theirs = getattr(plain, field.name), getattr(stated, field.name)
        if isinstance(ours, np.ndarray):
            assert ours.tobytes() == theirs.tobytes(), field.name
    calibration = load_model(calibrated).card.calibration
    assert calibration is not None
    kinds = set()
    for before, after in zip(plain.volumes, stated.volumes, strict=True):
        low, high = np.quantile(before.samples_ml, (0.05, 0.95))
        assert (before.low_ml, before.high_ml) == (min(low, before.volume_ml), max(high, before.volume_ml))
        assert before.interval is IntervalKind.SAMPLES
        stratum = calibration.volumes[before.name].stratum(before.volume_ml)
        kinds.add(after.interval)
        if after.interval is IntervalKind.CALIBRATED:
            expected = corrected_interval(
                before.low_ml, before.high_ml, before.volume_ml, stratum.low_correction, stratum.high_correction
            )
            assert (after.low_ml, after.high_ml) == expected
        else:
            assert after.low_ml is after.high_ml is None
            assert after.interval_note
            assert any(after.name in warning and after.interval_note in warning for warning in stated.warnings)
        same = {"low_ml": None, "high_ml": None, "interval": IntervalKind.SAMPLES, "interval_note": ""}
        assert dataclasses.replace(after, **same) == dataclasses.replace(before, **same)
    assert IntervalKind.CALIBRATED in kinds
    assert "calibration" not in plain.provenance
    assert plain.calibrated_probabilities() is None
    np.testing.assert_array_equal(
        stated.calibrated_probabilities(), tempered(stated.probabilities, calibration.temperature.temperature)
    )
    record = json.loads((stated.save(tmp_path / "stated") / "result.json").read_text())
    assert "90 % of cases like the 22" in record["interval"]
    assert record["provenance"]["calibration"]["applies"] is True
    assert {volume["interval"] for volume in record["volumes"]} == {kind.value for kind in kinds}
    assert "calibrated to hold the true volume in 90 %" in (tmp_path / "stated" / "report.html").read_text()
    old = json.loads((plain.save(tmp_path / "plain") / "result.json").read_text())
    assert old["interval"] == "5 % and 95 % quantiles of the samples' volumes, widened to include the volume; not calibrated"


def test_run_with_other_samples_withholds_every_interval(calibrated, phantom_ct, tmp_path):
    result = hemorrhage.segment(phantom_ct, calibrated, samples=3, transforms=1, device="cpu")
    assert all(volume.low_ml is None and volume.interval is IntervalKind.WITHHELD for volume in result.volumes)
    sentence = "No volume gets an interval: the model was calibrated with 2 samples, not 3."
    assert sentence in result.warnings
    folder = result.save(tmp_path / "withheld")
    assert "withheld" in (folder / "report.html").read_text()
    with (folder / "volumes.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["low_ml"], row["high_ml"], row["interval"]) for row in rows} == {("", "", "withheld")}
    record = json.loads((folder / "result.json").read_text())
    assert record["volumes"][0]["low_ml"] is None
    assert record["provenance"]["calibration"]["applies"] is False


def work_without(calibrated: Path, folder: Path, *cases: str) -> Path:
    """Copy the records of a finished run, as if it had been killed before some cases."""
    work = Path(shutil.copytree(calibrated.parent / "work", folder / "work"))
    for case in cases:
        (work / f"{case}.json").unlink()
    return work


def test_stopped_run_goes_on_and_ends_the_same(calibrated, own_model, phantom_data, tmp_path, monkeypatch):
    """Stopped twice and then finished: the same calibration as in one run, and each case segmented once."""
    from hemorrhage_training.calibration import measure_cases

    measured: list[str] = []

    def counted(case, *rest):
        measured.append(case.name)
        return real(case, *rest)

    real: Callable = measure_cases.measure_case
    monkeypatch.setattr(measure_cases, "measure_case", counted)
    source = folder_cases(phantom_data)
    work = work_without(calibrated, tmp_path, "case_00", "case_07", "case_21")
    (work / "case_13.json").write_text("{")  # a damaged record is made again
    card = (own_model / "model.json").read_bytes()
    for _ in range(2):
        before = len(measured)
        with pytest.raises(Interrupted, match="goes on"):
            calibrate_model(
                load_model(own_model), source, SAMPLING, work=work, should_stop=lambda before=before: len(measured) > before
            )
    assert (own_model / "model.json").read_bytes() == card
    assert measured == ["case_00", "case_00"]  # stopped in its midst
    seen: list[Progress] = []
    calibration = calibrate_model(load_model(own_model), source, SAMPLING, work=work, progress=seen.append)
    assert measured[2:] == ["case_00", "case_07", "case_13", "case_21"]
    assert [each.done for each in seen if each.stage is Stage.CALIBRATING] == list(range(23))
    whole = load_model(calibrated).card.calibration
    assert whole is not None
    assert calibration.volumes == whole.volumes
    assert calibration.temperature == whole.temperature
    assert len(list(work.iterdir())) == 22


def test_two_processes_measure_what_one_does(calibrated, own_model, phantom_data, tmp_path, capsys):
    """Also where a case is unusable: it is named, and the others are as ever."""
    data = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    (data / "imagesTr" / "case_03_0000.nii.gz").write_bytes(b"no image")
    work = work_without(calibrated, tmp_path, "case_03", "case_07", "case_13")
    options = ("--samples", 2, "--transforms", 1, "--device", "cpu", "--work", work, "--jobs", 2)
    assert run("calibrate", own_model, data, *options) == 5
    assert "left out: case_03" in capsys.readouterr().out
    for name in ("case_07", "case_13"):
        ours, theirs = (json.loads((folder / f"{name}.json").read_text()) for folder in (work, calibrated.parent / "work"))
        assert ours == theirs


def test_calibrating_a_calibrated_model_leads_to_the_same(calibrated, own_model, phantom_data, tmp_path):
    """What is corrected are the samples' intervals, never those that an earlier calibration states."""
    shutil.copy(calibrated / "model.json", own_model / "model.json")
    before = load_model(own_model).card.calibration
    work = work_without(calibrated, tmp_path, "case_20", "case_21")
    after = calibrate_model(load_model(own_model), folder_cases(phantom_data), SAMPLING, work=work)
    assert before is not None
    assert (after.volumes, after.temperature) == (before.volumes, before.temperature)


def test_unusable_case_is_named_and_left_out(calibrated, own_model, phantom_data, tmp_path, capsys):
    data = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    (data / "imagesTr" / "case_03_0000.nii.gz").write_bytes(b"no image")
    work = work_without(calibrated, tmp_path)
    assert run("calibrate", own_model, data, "--samples", 2, "--transforms", 1, "--work", work) == 5
    shown = capsys.readouterr()
    assert "case_03 is left out" in shown.err
    assert "left out: case_03" in shown.out
    found = load_model(own_model).card.calibration
    assert found is not None
    assert (found.data.cases, found.data.left_out) == (21, ["case_03"])


def test_without_transforms_one_sample_is_calibrated_and_the_work_folder_goes(own_model, phantom_data, phantom_ct):
    source = folder_cases(phantom_data)
    few = dataclasses.replace(source, cases=source.cases[:4])
    plain = Sampling(samples=20, transforms=0, device="cpu")
    found = calibrate_model(load_model(own_model), few, plain, level=0.5, fewest_cases=3)
    assert (found.sampling.samples, found.sampling.presets) == (1, [])
    assert not own_model.with_name(".own.calibrating").exists()
    result = hemorrhage.segment(phantom_ct, own_model, samples=20, transforms=0, device="cpu")
    assert result.provenance["calibration"]["applies"] is True


def test_card_is_whole_when_writing_fails(calibrated, own_model, monkeypatch):
    calibration = load_model(calibrated).card.calibration
    assert calibration is not None
    before = (own_model / "model.json").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(hemorrhage.errors.ResourceError, match="No space left"):
        store_calibration(own_model, calibration)
    assert (own_model / "model.json").read_bytes() == before
    assert [entry for entry in own_model.iterdir() if entry.name.startswith(".")] == []


def test_other_weights_are_not_given_the_calibration(calibrated, own_model):
    calibration = load_model(calibrated).card.calibration
    assert calibration is not None
    with pytest.raises(ModelError, match="replaced"):
        store_calibration(own_model, calibration.model_copy(update={"model_sha256": "0" * 64}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("simulated:", "simulated:N"),
        ("simulated:0", "at least one"),
        ("nowhere", "no data set in nnU-Net's raw format"),
    ],
)
def test_data_that_is_not_understood_is_one_sentence(data, message, own_model, capsys):
    assert run("calibrate", own_model, data) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_cases_labeled_otherwise_are_refused(own_model):
    with pytest.raises(ArgumentError, match="labeled as the model"):
        calibrate_model(load_model(own_model), simulated_cases(30, 5), SAMPLING)


def test_too_few_cases_are_refused_before_any_work(own_model, phantom_data):
    source = folder_cases(phantom_data)
    few = dataclasses.replace(source, cases=source.cases[:19])
    with pytest.raises(ArgumentError, match="too few"):
        calibrate_model(load_model(own_model), few, SAMPLING)
    assert not own_model.with_name(".own.calibrating").exists()


def test_nnunet_folder_has_no_card_to_write(tmp_path, phantom_data, capsys):
    from harness.tiny_nnunet import tiny_plans, write_stock_folder

    folder = write_stock_folder(tmp_path / "stock", tiny_plans())
    assert run("calibrate", folder, phantom_data) == 3
    assert "hemorrhage export" in capsys.readouterr().err


def test_ignored_voxels_and_missing_cts_are_refused(phantom_data, tmp_path):
    data = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    (data / "imagesTr" / "case_05_0000.nii.gz").unlink()
    with pytest.raises(hemorrhage.errors.UnreadableInputError, match="case_05_0000"):
        folder_cases(data)
    description = json.loads((data / "dataset.json").read_text())
    description["labels"]["ignore"] = 3
    (data / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(ArgumentError, match="ignored"):
        folder_cases(data)


def test_simulated_cases_have_consecutive_seeds_and_are_simulated_on_demand():
    source = open_cases("simulated:3:17")
    assert [case.name for case in source.cases] == ["simulated_00000017", "simulated_00000018", "simulated_00000019"]
    assert open_cases("simulated:1").cases[0].name == f"simulated_{FIRST_SIMULATED_SEED:08d}"
    ct, labels = simulated_cases(1, 17, (8, 48, 48)).cases[0].load()
    assert isinstance(ct, HeadCT)
    assert labels.shape == ct.shape == (8, 48, 48)
    assert ct.metadata["seed"] == 17


def test_infinite_quantile_is_never_a_correction():
    assert conformal_quantile(np.zeros(8), 0.9) == math.inf
    assert conformal_quantile(np.zeros(9), 0.9) == 0
