"""From a data set to a SLEX-Net that segments a CT, through the command line."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from harness.slice_training_data import tiny_slice_config, write_config
from hemorrhage.commands.app import app
from hemorrhage.errors import ArgumentError
from hemorrhage.models import verify_model
from hemorrhage_training.methods import run_training
from hemorrhage_training.train_config import read_config

CHANGES = {
    "sampling": {"batch": 4, "slices_per_epoch": 32, "augmentation": {"flips": False}},
    "loss": {"lesion": 1.0, "other": 0.3},
    "training": {"first_epochs": 6, "epochs": 5, "rate": 0.02, "decay": 0.85, "decay_every": 1, "seed": 0},
}


@pytest.fixture(scope="module")
def trained(heads, work):
    config = write_config(work / "learned.yaml", tiny_slice_config(heads, work, name="learned", **CHANGES))
    ended = CliRunner().invoke(app, ["train", str(config), "--progress", "json"])
    assert ended.exit_code == 0, ended.output
    return config, [json.loads(line) for line in ended.stdout.splitlines()]


def test_it_learns(trained, work):
    """The subdural hematoma, of which a third of a slice's rim consists, is found in a head that was not trained with."""
    card = verify_model(Path(trained[1][-1]["model"])).card
    assert card.evaluation["dice"]["SDH"] > 0.5
    epochs = [json.loads(line) for line in (work / "runs/learned/first/epochs.jsonl").read_text().splitlines()]
    assert card.evaluation["nll"] < 0.25 * epochs[0]["nll"]


def test_both_stages_are_told_epoch_by_epoch(trained):
    told = [line["message"] for line in trained[1] if line.get("stage") == "training"]
    assert sum("alone, epoch" in message for message in told) == 6
    assert sum("the whole SLEX-Net, epoch" in message for message in told) == 5
    assert "Dice" in told[-1]


def test_curves_are_there_for_tensorboard(trained, work):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for stage, epochs in (("first", 6), ("second", 5)):
        events = EventAccumulator(str(work / "runs" / "learned" / stage / "tensorboard")).Reload()
        assert {"train/loss", "train/expansion", "validation/dice", "validation/nll", "lr-Adam"} <= {*events.Tags()["scalars"]}
        assert len(events.Scalars("validation/dice")) == epochs


def test_the_card_says_how_it_was_made(trained):
    card = verify_model(Path(trained[1][-1]["model"])).card
    assert card.name == "learned"
    assert card.license == "Apache-2.0"
    assert card.classes == ["background", "IPH", "SDH"]
    assert card.training["data"] == "heads of ellipsoids"
    assert card.training["cases"] == 2
    assert [run["epochs"] for run in card.training["runs"]] == [6, 5]
    assert "32 x 32 pixels" in card.preprocessing


def test_the_model_segments_a_ct(trained, heads, tmp_path):
    ct = heads / "imagesTr" / "case_2_0000.nii.gz"
    model = trained[1][-1]["model"]
    ended = CliRunner().invoke(app, ["segment", str(ct), "-o", str(tmp_path / "out"), "--model", model, "--device", "cpu"])
    assert ended.exit_code == 0, ended.output
    found = np.asarray(nib.load(tmp_path / "out" / "labels.nii.gz").dataobj)
    reference = np.asarray(nib.load(heads / "labelsTr" / "case_2.nii.gz").dataobj)
    shared = ((found == 2) & (reference == 2)).sum()
    assert 2 * shared / ((found == 2).sum() + (reference == 2).sum()) > 0.4
    assert json.loads((tmp_path / "out" / "result.json").read_text())["provenance"]["method"] == "slex"


def test_the_report_opens_offline_and_shows_both_stages(trained):
    html = Path(trained[1][-1]["report"]).read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 2
    assert "6 of at most 6 epochs" in html
    assert "Research use only" in html
    assert "http" not in html.replace("http-equiv", "")


def test_a_finished_training_is_left_as_it_is(trained):
    """Also the model, which may have been calibrated since."""
    model = Path(trained[1][-1]["model"]) / "model.json"
    model.write_text(model.read_text().replace("Research use only", "For research only"))
    told = []
    result = run_training(read_config(trained[0]), progress=told.append)
    assert str(result.model) == trained[1][-1]["model"]
    assert not [each for each in told if each.stage == "training"]
    assert "For research only" in model.read_text()


def test_other_settings_under_the_same_name_are_refused(trained, heads, work):
    changed = {**CHANGES, "training": {**CHANGES["training"], "rate": 0.01}}
    path = write_config(work / "other.yaml", tiny_slice_config(heads, work, name="learned", **changed))
    with pytest.raises(ArgumentError, match="another name"):
        run_training(read_config(path))
