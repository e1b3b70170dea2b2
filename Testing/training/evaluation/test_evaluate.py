"""Whole evaluations: figures against the arrays they were made from, resuming, several processes, refusals."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from sklearn.metrics import log_loss, roc_auc_score

from harness.process_group import process_group_is_alive
from hemorrhage.errors import ArgumentError, GeometryError, Interrupted, NotAVolumeError, OutputExistsError, UnreadableInputError
from hemorrhage.head_ct import HeadCT
from hemorrhage.intracranial_mask import intracranial_mask
from hemorrhage.progress import Stage
from hemorrhage.writing.volume_file import write_volume
from hemorrhage_training.evaluation.calibration import PROBABILITY_FLOOR
from hemorrhage_training.evaluation.case_scores import Region
from hemorrhage_training.evaluation.evaluate import Inputs, evaluate


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def evaluated(data_set, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("evaluated") / "out"
    evaluate(Inputs(data_set.predictions, data_set.references, raters=data_set.raters, cts=data_set.cts), out)
    return out


def test_every_file_is_there(evaluated):
    names = {path.relative_to(evaluated).as_posix() for path in evaluated.rglob("*") if path.is_file()}
    pictures = ("segmentation", "volume_agreement", "volume_intervals", "error_rate", "reliability", "risk_coverage")
    tables = ("cases", "segmentation", "segmentation_overview", "volume", "uncertainty", "case_uncertainty", "case_certainty")
    tables += ("error_rate", "reliability", "risk_coverage", "raters", "case_raters")
    expected = {f"figures/{name}.{kind}" for name in pictures for kind in ("png", "svg")} | {f"{name}.csv" for name in tables}
    expected |= {f"scores/case_{number:04d}.npz" for number in range(4)} | {"tables.md", "report.html", "evaluation.json"}
    assert names == expected
    assert json.loads((evaluated / "evaluation.json").read_text())["state"] == "finished"


def test_dice_and_volumes_agree_with_simpleitk(evaluated, data_set):
    rows = {(row["case"], row["class"]): row for row in rows_of(evaluated / "cases.csv")}
    compared = 0
    for name in data_set.segmentations:
        prediction = SimpleITK.ReadImage(str(data_set.predictions / name / "labels.nii.gz"), SimpleITK.sitkUInt8)
        reference = SimpleITK.ReadImage(str(data_set.references / f"{name}.nii.gz"), SimpleITK.sitkUInt8)
        overlap, shape = SimpleITK.LabelOverlapMeasuresImageFilter(), SimpleITK.LabelShapeStatisticsImageFilter()
        overlap.Execute(reference, prediction)
        shape.Execute(reference)
        for label, subtype in ((2, "IPH"), (4, "SAH"), (5, "SDH")):
            if shape.HasLabel(label):
                row = rows[name, subtype]
                assert float(row["dice"]) == pytest.approx(overlap.GetDiceCoefficient(label))
                assert float(row["reference_ml"]) == pytest.approx(shape.GetPhysicalSize(label) / 1000, rel=1e-5)
                compared += 1
    assert compared >= 10
    assert rows["case_0000", "EDH"]["dice"] == ""


def test_overview_counts_what_is_undefined(evaluated):
    rows = {(row["class"], row["metric"]): row for row in rows_of(evaluated / "segmentation.csv")}
    assert (rows["EDH", "dice"]["cases"], rows["EDH", "dice"]["undefined"], rows["EDH", "dice"]["mean"]) == ("0", "4", "")
    cases = rows_of(evaluated / "cases.csv")
    by_class = [
        np.mean([float(row["dice"]) for row in cases if row["class"] == name and row["dice"]]) for name in ("IPH", "SAH", "SDH")
    ]
    assert float(rows["IPH", "dice"]["mean"]) == pytest.approx(by_class[0])
    assert float(rows["mean of classes", "dice"]["mean"]) == pytest.approx(np.mean(by_class))


def test_calibration_and_error_detection_agree_with_scikit_learn(evaluated, data_set):
    truth = np.concatenate([data_set.truths[name].ravel() for name in data_set.segmentations])
    made = data_set.segmentations.values()
    probabilities = np.concatenate([each.probabilities.reshape(6, -1) for each in made], axis=1).astype(np.float64).T
    probabilities = np.maximum(probabilities, PROBABILITY_FLOOR)
    wrong = np.concatenate([each.labels.ravel() for each in made]) != truth
    entropy = np.concatenate([each.entropy.ravel() for each in made])
    rows = {(row["region"], row["figure"]): row for row in rows_of(evaluated / "uncertainty.csv")}
    nll = log_loss(truth, probabilities / probabilities.sum(1, keepdims=True), labels=range(6))
    assert float(rows["whole", "NLL (nats)"]["all voxels"]) == pytest.approx(nll, rel=1e-4)
    auroc = roc_auc_score(wrong, entropy)
    assert float(rows["whole", "AUROC for error, entropy"]["all voxels"]) == pytest.approx(auroc, abs=1e-3)
    assert float(rows["whole", "error rate"]["all voxels"]) == pytest.approx(wrong.mean())
    inside = np.concatenate([intracranial_mask(each.ct).ravel() for each in made])
    assert float(rows["head", "error rate"]["all voxels"]) == pytest.approx(wrong[inside].mean())
    assert wrong[inside].mean() > 1.5 * wrong.mean()


def test_error_rates_count_every_voxel(evaluated, data_set):
    rows = [row for row in rows_of(evaluated / "error_rate.csv") if (row["region"], row["map"]) == ("whole", "entropy")]
    voxels = sum(each.labels.size for each in data_set.segmentations.values())
    errors = sum(int((each.labels != data_set.truths[name]).sum()) for name, each in data_set.segmentations.items())
    assert sum(int(row["voxels"]) for row in rows) == voxels
    assert sum(int(row["errors"]) for row in rows) == errors


def test_intervals_are_judged_by_the_reference(evaluated, data_set):
    """Coverage of the total volume's interval, from the numbers that the engine reported itself."""
    covered, width = [], []
    for name, made in data_set.segmentations.items():
        total = made.volumes[-1]
        true = np.count_nonzero(data_set.truths[name]) * made.ct.voxel_volume_ml
        covered.append(total.low_ml <= true <= total.high_ml)
        width.append(total.high_ml - total.low_ml)
    row = next(row for row in rows_of(evaluated / "volume.csv") if row["class"] == "any hemorrhage")
    assert float(row["coverage"]) == pytest.approx(np.mean(covered))
    assert float(row["width_ml"]) == pytest.approx(np.mean(width), rel=1e-5)


def test_report_is_self_contained(evaluated):
    html = (evaluated / "report.html").read_text()
    assert html.count("data:image/png;base64,") == 6
    assert "http://" not in html
    assert "https://" not in html
    assert "not for diagnosis" in html


def test_several_processes_give_the_same_tables(evaluated, data_set, tmp_path):
    seen = []
    evaluate(Inputs(data_set.predictions, data_set.references), tmp_path / "out", jobs=2, progress=seen.append)
    for name in ("cases.csv", "segmentation.csv", "volume.csv", "risk_coverage.csv", "case_certainty.csv"):
        assert (tmp_path / "out" / name).read_text() == (evaluated / name).read_text()
    assert [each.done for each in seen if each.stage is Stage.EVALUATING] == [0, 1, 2, 3, 4]


def test_ignored_voxels_are_left_out(data_set, tmp_path):
    """References that ignore every voxel of a wrong prediction: what is left is perfect."""
    ignoring = tmp_path / "labelsTr"
    ignoring.mkdir()
    for name, truth in data_set.truths.items():
        made = data_set.segmentations[name]
        write_volume(np.where(made.labels == truth, truth, 6).astype(np.uint8), made.ct, ignoring / f"{name}.nii.gz")
    labels = {"background": 0, "EDH": 1, "IPH": 2, "IVH": 3, "SAH": 4, "SDH": 5, "ignore": 6}
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    cohort = evaluate(Inputs(data_set.predictions, ignoring), tmp_path / "out")
    assert all(scores.dice == 1 for scores in cohort.classes["any hemorrhage"])
    assert cohort.errors[Region.WHOLE, "entropy"].error_rate == 0
    kept = sum(np.count_nonzero(data_set.segmentations[name].labels == truth) for name, truth in data_set.truths.items())
    assert cohort.calibration[Region.WHOLE].voxels == kept


def test_a_ct_without_a_skull_has_no_figures_inside(data_set, tmp_path, monkeypatch):
    odd = data_set.segmentations["case_0001"].ct.hu
    monkeypatch.setattr(
        "hemorrhage.intracranial_mask.intracranial_mask",
        lambda ct: None if np.allclose(ct.hu, odd, atol=1) else np.ones(ct.shape, bool),
    )
    cohort = evaluate(Inputs(data_set.predictions, data_set.references, cts=data_set.cts), tmp_path / "out")
    inside = [each.case for each in cohort.uncertainty if each.region is Region.HEAD]
    assert inside == ["case_0000", "case_0002", "case_0003"]
    assert "known for 3 of 4 cases" in (tmp_path / "out" / "report.html").read_text()


def test_a_stopped_run_goes_on_where_it_was(data_set, label_maps, tmp_path):
    inputs, out = Inputs(label_maps, data_set.references), tmp_path / "out"
    asked = iter([False, False, True])
    with pytest.raises(Interrupted, match="goes on"):
        evaluate(inputs, out, should_stop=lambda: next(asked))
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "scores").iterdir()}
    assert len(kept) == 2
    assert json.loads((out / "evaluation.json").read_text())["state"] == "running"
    assert not (out / "cases.csv").exists()
    evaluate(inputs, out)
    assert {name: (out / "scores" / name).stat().st_mtime_ns for name in kept} == kept
    assert len(rows_of(out / "cases.csv")) == 4 * 6


def test_memory_does_not_grow_with_the_cases(data_set, tmp_path, monkeypatch):
    """Maps and histograms are let go case by case; only numbers stay. What is counted here is what Python and NumPy ask for."""
    monkeypatch.setattr("hemorrhage_training.evaluation.evaluate.write_evaluation", lambda *_: None)
    peaks = []
    for count in (4, 4, 24):  # the first one imports
        root = tmp_path / f"{count}_{len(peaks)}"
        for k in range(count):
            for kind, ending in ((data_set.predictions, ""), (data_set.references, ".nii.gz")):
                link = root / kind.name / f"case_{k:04d}{ending}"
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(kind / f"case_{k % 4:04d}{ending}")
        tracemalloc.start()
        try:
            evaluate(Inputs(root / data_set.predictions.name, root / data_set.references.name), root / "out")
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[1]


def test_killed_with_its_processes_at_work_it_goes_on(evaluated, data_set, tmp_path):
    """SIGKILL, which nobody can handle: no process stays behind, what is finished is kept, and the tables are the same."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "hemorrhage", "evaluate", data_set.predictions, data_set.references, "-o", out]
    process = subprocess.Popen(
        [*map(str, command), "--raters", str(data_set.raters), "--jobs", "2", "--progress", "none"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 240
    while not list(out.glob("scores/*.npz")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.wait()
    while process_group_is_alive(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not (out / "cases.csv").exists()
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob("scores/*.npz")}
    evaluate(Inputs(data_set.predictions, data_set.references, raters=data_set.raters), out)
    assert {name: (out / "scores" / name).stat().st_mtime_ns for name in kept} == kept
    for name in ("cases.csv", "segmentation.csv", "volume.csv", "raters.csv"):
        assert (out / name).read_text() == (evaluated / name).read_text()


def test_a_changed_file_is_evaluated_anew(data_set, label_maps, tmp_path):
    inputs, out = Inputs(label_maps, data_set.references), tmp_path / "out"
    asked = iter([False, True])
    with pytest.raises(Interrupted):
        evaluate(inputs, out, should_stop=lambda: next(asked))
    changed = label_maps / "case_0000.nii.gz"
    made = data_set.segmentations["case_0000"]
    write_volume(np.zeros_like(made.labels), made.ct, changed)
    cohort = evaluate(inputs, out)
    assert cohort.classes["any hemorrhage"][0].dice == 0


def test_label_maps_alone(data_set, label_maps, tmp_path):
    cohort = evaluate(Inputs(label_maps, data_set.references), tmp_path / "out")
    assert not cohort.calibration
    assert not (tmp_path / "out" / "uncertainty.csv").exists()
    assert "label maps only" in (tmp_path / "out" / "report.html").read_text()
    assert "coverage" not in rows_of(tmp_path / "out" / "volume.csv")[0]


def test_a_finished_evaluation_is_not_overwritten_unasked(data_set, label_maps, tmp_path):
    inputs, out = Inputs(label_maps, data_set.references), tmp_path / "out"
    evaluate(inputs, out)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        evaluate(inputs, out)
    evaluate(inputs, out, overwrite=True)
    assert (out / "notes.txt").read_text() == "mine"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="no evaluation"):
        evaluate(inputs, foreign, overwrite=True)


def test_binary_takes_all_hemorrhage_as_one(data_set, tmp_path):
    binary = tmp_path / "binary"
    binary.mkdir()
    for name, truth in data_set.truths.items():
        write_volume((truth > 0).astype(np.uint8), data_set.segmentations[name].ct, binary / f"{name}.nii.gz")
    (binary / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "hemorrhage": 1}}))
    with pytest.raises(ArgumentError, match="--binary"):
        evaluate(Inputs(data_set.predictions, binary), tmp_path / "out")
    cohort = evaluate(Inputs(data_set.predictions, binary, binary=True), tmp_path / "out")
    assert list(cohort.classes) == ["hemorrhage", "any hemorrhage"]
    made, truth = data_set.segmentations["case_0001"], data_set.truths["case_0001"]
    p, r = made.labels > 0, truth > 0
    scores = cohort.classes["hemorrhage"][1]
    assert scores.dice == pytest.approx(2 * (p & r).sum() / (p.sum() + r.sum()))
    assert scores.low_ml == pytest.approx(made.volumes[-1].low_ml)


def test_raters_as_references(data_set, tmp_path):
    cohort = evaluate(Inputs(data_set.predictions, data_set.raters), tmp_path / "out")
    maps = np.stack(data_set.rater_maps["case_0002"])
    vote = np.stack([(maps == label).sum(axis=0) for label in range(6)]).argmax(axis=0)  # argmax: of equals the lowest
    made = data_set.segmentations["case_0002"]
    voxel_ml = made.ct.voxel_volume_ml
    assert cohort.classes["SDH"][2].reference_ml == pytest.approx(np.count_nonzero(vote == 5) * voxel_ml, rel=1e-5)
    case, rated = cohort.raters["IPH"][2]
    assert (case, rated.samples, rated.raters) == ("case_0002", 5, 3)
    dice = [2 * ((made.labels == 2) & (m == 2)).sum() / ((made.labels == 2).sum() + (m == 2).sum()) for m in maps]
    assert rated.dice == pytest.approx(np.mean(dice))


def test_comparison_with_another_method(data_set, evaluated, tmp_path):
    """A method that returns the references: better in every case, and the effect is as large as it gets."""
    evaluate(Inputs(data_set.references, data_set.references), tmp_path / "out", compare=evaluated)
    row = next(
        row for row in rows_of(tmp_path / "out" / "comparison.csv") if (row["class"], row["figure"]) == ("any hemorrhage", "dice")
    )
    theirs = [float(row["dice"]) for row in rows_of(evaluated / "cases.csv") if row["class"] == "any hemorrhage"]
    assert float(row["difference"]) == pytest.approx(1 - np.mean(theirs))
    assert (row["pairs"], row["share better"], row["effect"]) == ("4", "1", "1")
    assert float(row["p"]) == pytest.approx(2 / 2**4)


def test_grids_that_differ_are_refused_by_name(data_set, label_maps, tmp_path):
    made = data_set.segmentations["case_0002"]
    moved = HeadCT(made.ct.hu, made.ct.affine + np.pad([[0, 0, 0, 3.0]], ((0, 3), (0, 0))))
    write_volume(made.labels, moved, label_maps / "case_0002.nii.gz")
    with pytest.raises(GeometryError, match=r"case_0002.*different grids.*nothing is resampled"):
        evaluate(Inputs(label_maps, data_set.references), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_headers_that_differ_by_rounding_are_the_same_grid(data_set, label_maps, tmp_path):
    made = data_set.segmentations["case_0002"]
    write_volume(made.labels, HeadCT(made.ct.hu, np.round(made.ct.affine, 3)), label_maps / "case_0002.nii.gz")
    assert len(evaluate(Inputs(label_maps, data_set.references), tmp_path / "out").cases) == 4


def test_missing_and_surplus_predictions(data_set, label_maps, tmp_path):
    (label_maps / "case_0001.nii.gz").rename(label_maps / "other.nii.gz")
    with pytest.raises(ArgumentError, match=r"1 of 4 references have no prediction.*case_0001.*--partial"):
        evaluate(Inputs(label_maps, data_set.references), tmp_path / "out")
    cohort = evaluate(Inputs(label_maps, data_set.references, partial=True), tmp_path / "out")
    assert cohort.cases == ["case_0000", "case_0002", "case_0003"]
    assert "other" in (tmp_path / "out" / "report.html").read_text()


def test_damaged_and_unusable_files_are_named(data_set, label_maps, tmp_path):
    made = data_set.segmentations["case_0003"]
    file = label_maps / "case_0003.nii.gz"
    write_volume(made.labels + np.uint8(40), made.ct, file)
    with pytest.raises(NotAVolumeError, match=r"case_0003.*45"):
        evaluate(Inputs(label_maps, data_set.references), tmp_path / "out")
    write_volume(made.entropy, made.ct, file)
    with pytest.raises(NotAVolumeError, match=r"case_0003.*not probabilities"):
        evaluate(Inputs(label_maps, data_set.references), tmp_path / "out")
    file.write_bytes(file.read_bytes()[:400])
    with pytest.raises(UnreadableInputError, match="case_0003"):
        evaluate(Inputs(label_maps, data_set.references), tmp_path / "out")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"classes": 3}'])
def test_a_damaged_result_is_named(data_set, tmp_path, content):
    predictions = Path(shutil.copytree(data_set.predictions, tmp_path / "predictions"))
    (predictions / "case_0001" / "result.json").write_text(content)
    with pytest.raises(UnreadableInputError, match=r"case_0001.*segment case_0001 again"):
        evaluate(Inputs(predictions, data_set.references), tmp_path / "out")


def test_damaged_scores_are_named(data_set, label_maps, tmp_path):
    """Wherever the damage is: in the packed numbers, in a checksum, in the table of contents, or at the end."""
    asked = iter([False, True])
    with pytest.raises(Interrupted):
        evaluate(Inputs(label_maps, data_set.references), tmp_path / "out", should_stop=lambda: next(asked))
    scores = tmp_path / "out" / "scores" / "case_0000.npz"
    whole, said = scores.read_bytes(), []
    for at in range(0, len(whole), len(whole) // 30):
        for content in (whole[:at], whole[:at] + b"\xff\x00\xff" + whole[at + 3 :]):
            scores.write_bytes(content)
            with contextlib.suppress(Interrupted):  # what is damaged is not read: the case counts as done
                try:
                    evaluate(Inputs(label_maps, data_set.references), tmp_path / "out", should_stop=lambda: True)
                except UnreadableInputError as error:
                    said.append(str(error))
    assert len(said) > 30
    assert all("case_0000.npz is damaged: delete it" in each for each in said)


def test_an_evaluation_is_not_compared_with_what_it_replaces(data_set, label_maps, tmp_path):
    inputs, out = Inputs(label_maps, data_set.references), tmp_path / "out"
    evaluate(inputs, out)
    with pytest.raises(ArgumentError, match="what replaces it"):
        evaluate(inputs, out, compare=out, overwrite=True)
    assert (out / "cases.csv").is_file()


def test_names_that_do_not_match(data_set, tmp_path):
    folder = tmp_path / "unrelated"
    folder.mkdir()
    shutil.copy(data_set.references / "case_0000.nii.gz", folder / "a.nii.gz")
    with pytest.raises(ArgumentError, match="named like their references"):
        evaluate(Inputs(folder, data_set.references), tmp_path / "out")
    with pytest.raises(ArgumentError, match="not a folder"):
        evaluate(Inputs(tmp_path / "nowhere", data_set.references), tmp_path / "out")
