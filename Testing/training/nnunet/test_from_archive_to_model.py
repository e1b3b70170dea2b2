"""From a miniature BHSD archive to a model that segments: import, train, export, segment, through the command line."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import yaml

from harness.data_set_trees import mixed_bhsd
from harness.tiny_nnunet import tiny_plans
from hemorrhage.errors import ArgumentError, ModelError, OutputExistsError
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.models.exporting import export_model
from hemorrhage_training.nnunet.train_config import NnunetTrainConfig
from hemorrhage_training.nnunet.uncertainty_settings import UncertaintySettings


def _hemorrhage(*arguments, cwd, check=True):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "nnUNet_n_proc_DA": "0"}
    ended = subprocess.run(
        [sys.executable, "-m", "hemorrhage", *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert not check or ended.returncode == 0, ended.stderr + ended.stdout
    return ended


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The three commands, as a researcher gives them, with plans that fit a test."""
    root = tmp_path_factory.mktemp("archive é")  # folders have spaces and accents
    tree = mixed_bhsd(root / "label_192", 6)
    _hemorrhage("data", "import", "bhsd", tree, "-o", root / "Dataset001_BHSD", "--folds", "2", cwd=root)
    (root / "plans.json").write_text(json.dumps({**tiny_plans(spacing=(8.0, 4.5, 4.5)), "plans_name": "tinyPlans"}))
    config = {
        "method": "uncertainty-aware-nnunet",
        "data": "Dataset001_BHSD",
        "work": "work",
        "plans": "plans.json",
        "device": "cpu",
        "processes": 1,
        "validate_afterwards": False,
        "uncertainty": {"lam": 20, "epochs": 2, "iterations": 2, "validation_iterations": 1, "samples": 2},
    }
    (root / "config.yaml").write_text(yaml.safe_dump(config))
    ended = _hemorrhage("train", "config.yaml", "--progress", "json", cwd=root)
    return root, [json.loads(line) for line in ended.stdout.splitlines()]


def test_progress_is_told_epoch_by_epoch(trained):
    _, lines = trained
    training = [line for line in lines if line.get("stage") == "training"]
    assert [line["done"] for line in training] == [0, 1, 2]
    assert re.search(r"loss \S+, validation \S+, pseudo-Dice \S+, U 0\.\d+, weight 1\.\d+", training[-1]["message"])
    assert "left" in training[1]["message"]
    messages = [line.get("message", "") for line in lines]
    assert any("preprocesses for 3d_fullres" in message for message in messages)
    assert lines[-1]["event"] == "result"


def test_a_finished_training_is_left_as_it_is(trained):
    root, lines = trained
    again = _hemorrhage("train", "config.yaml", "--progress", "json", cwd=root)
    stages = [json.loads(line).get("stage") for line in again.stdout.splitlines()]
    assert "training" not in stages
    assert json.loads(again.stdout.splitlines()[-1]) == lines[-1]


def test_a_finished_training_says_what_comes_next(trained):
    root, lines = trained
    ended = _hemorrhage("train", "config.yaml", cwd=root)
    (said,) = (line for line in ended.stdout.splitlines() if line.startswith("next:"))
    assert shlex.split(said)[1:5] == ["hemorrhage", "export", lines[-1]["model"], "MODEL"]
    assert ended.stderr == ""  # nothing was left to do, and nothing is said


def test_a_training_that_was_stopped_while_validating_is_validated(trained):
    """What is missing is nnU-Net's summary of the fold: the training itself is not repeated."""
    root, lines = trained
    config = yaml.safe_load((root / "config.yaml").read_text())
    (root / "validating.yaml").write_text(yaml.safe_dump({**config, "validate_afterwards": True}))
    for expected in (True, False):
        ended = _hemorrhage("train", "validating.yaml", "--progress", "json", cwd=root)
        stages = [json.loads(line).get("stage") for line in ended.stdout.splitlines()]
        assert "training" not in stages
        assert ("evaluating" in stages) is expected
    summary = json.loads((Path(lines[-1]["model"]) / "fold_0" / "validation" / "summary.json").read_text())
    assert summary["metric_per_case"]


def test_other_settings_under_the_same_name_are_refused(trained):
    root, _ = trained
    config = yaml.safe_load((root / "config.yaml").read_text())
    config["uncertainty"]["lam"] = 5
    (root / "other.yaml").write_text(yaml.safe_dump(config))
    ended = _hemorrhage("train", "other.yaml", cwd=root, check=False)
    assert ended.returncode == 2
    assert "another name" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_curves_are_there_for_tensorboard(trained):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(Path(trained[1][-1]["report"]).parent / "tensorboard")).Reload()
    curves = {
        "loss/train",
        "loss/validation",
        "learning rate",
        "uncertainty/mean U",
        "uncertainty/mean weight",
        "pseudo-Dice/IPH",
    }
    assert curves <= {*events.Tags()["scalars"]}
    assert [each.step for each in events.Scalars("uncertainty/mean U")] == [0, 1]
    assert all(each.value > 0 for each in events.Scalars("uncertainty/mean U"))


def test_the_report_opens_offline_and_says_what_happened(trained):
    _, lines = trained
    html = Path(lines[-1]["report"]).read_text(encoding="utf-8")
    assert "2 of 2 epochs" in html
    assert "Research use only" in html
    assert html.count("data:image/png;base64,") == 2  # curves, and validation patches
    assert "http" not in html.replace("http-equiv", "")


def test_the_exported_model_predicts_as_the_original_does(trained):
    root, lines = trained
    results = lines[-1]["model"]
    said = _hemorrhage("export", results, "mini-bhsd", "--license", "CC-BY-4.0", "--data", "6 synthetic heads", cwd=root)
    assert "mini-bhsd" in said.stdout
    _hemorrhage("models", "verify", root / "mini-bhsd", cwd=root)
    card = json.loads((root / "mini-bhsd" / "model.json").read_text())
    assert card["classes"] == list(SIX_CLASSES)
    assert card["training"]["data"] == "6 synthetic heads"
    assert card["training"]["uncertainty_weighting"]["lam"] == 20
    (ct, *_) = sorted((root / "Dataset001_BHSD" / "imagesTr").glob("*.nii.gz"))
    found = {}
    for name, model in (("original", results), ("exported", root / "mini-bhsd")):
        _hemorrhage("segment", ct, "-o", root / name, "--model", model, "--samples", 2, "--device", "cpu", cwd=root)
        found[name] = np.asarray(nib.load(root / name / "probabilities.nii.gz").dataobj)
    assert np.array_equal(found["original"], found["exported"])


def test_export_refuses_what_it_must(trained, tmp_path):
    _, lines = trained
    results, say = lines[-1]["model"], {"license_name": "MIT", "data": "d", "intended_use": "u"}
    with pytest.raises(ArgumentError, match="licence"):
        export_model(Path(results), tmp_path / "m", **{**say, "license_name": " "})
    with pytest.raises(ArgumentError, match="cannot be a model's name"):
        export_model(Path(results), tmp_path / "mein Modell", **say)
    with pytest.raises(ModelError, match=r"plans\.json"):
        export_model(tmp_path, tmp_path / "m", **say)
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputExistsError, match="no model"):
        export_model(Path(results), tmp_path / "taken", **say)
    assert export_model(Path(results), tmp_path / "m", **say).license == "MIT"
    with pytest.raises(OutputExistsError, match="--overwrite"):
        export_model(Path(results), tmp_path / "m", **say)
    with pytest.raises(ModelError, match="model folder already"):
        export_model(tmp_path / "m", tmp_path / "n", **say)
    assert export_model(Path(results), tmp_path / "m", overwrite=True, **say).name == "m"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("method: [", "is not YAML"),
        ("", "holds no settings"),
        ("{method: diffusion, data: d, work: w}", "method"),
        ("{method: [slexnet], data: d, work: w}", "method"),
        ("{method: uncertainty-aware-nnunet, data: d, work: w, lambda: 5}", "lambda"),
        ("{method: uncertainty-aware-nnunet, data: d, work: w, uncertainty: {lam: -1}}", "uncertainty.lam"),
        ("{method: uncertainty-aware-nnunet, data: nowhere, work: w}", "hemorrhage data import"),
    ],
)
def test_a_bad_configuration_is_one_sentence(tmp_path, content, sentence):
    from hemorrhage_training.train_config import read_config

    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(ArgumentError, match=sentence):
        read_config(path)
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_config(tmp_path / "missing.yaml")


def test_the_example_gives_the_defaults(tmp_path):
    example = Path(__file__).parents[3] / "training" / "configs" / "uncertainty_aware_nnunet.yaml"
    content = yaml.safe_load(example.read_text())
    given = NnunetTrainConfig.model_validate(content)
    bare = NnunetTrainConfig.model_validate({key: content[key] for key in ("method", "data", "work", "name")})
    assert given == bare
    assert {*content} == {*NnunetTrainConfig.model_fields}
    assert {*content["uncertainty"]} == {*UncertaintySettings.model_fields}


def test_folders_beside_the_configuration_are_named_without_detours(tmp_path):
    """They are shown, and typed again in the next command."""
    from hemorrhage_training.train_config import read_config

    (tmp_path / "configs").mkdir()
    (tmp_path / "raw" / "Dataset001_BHSD").mkdir(parents=True)
    (tmp_path / "raw" / "Dataset001_BHSD" / "dataset.json").write_text("{}")
    path = tmp_path / "configs" / "config.yaml"
    path.write_text("{method: uncertainty-aware-nnunet, data: ../raw/Dataset001_BHSD, work: ../runs/bhsd}")
    config = read_config(path)
    assert config.data == tmp_path.resolve() / "raw" / "Dataset001_BHSD"
    assert config.work == tmp_path.resolve() / "runs" / "bhsd"
