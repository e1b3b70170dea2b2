"""The selector offers what the model can do, and says what a method does and how long it takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import slicer

from harness.scene_ct import add_ct
from hemorrhage.method import Method
from HemorrhageUncertaintyLib.methods import methodDetails
from HemorrhageUncertaintyLib.models import InstalledModel, Origin, listModels
from HemorrhageUncertaintyLib.run_times import SETTING, durationLabel, expectedSeconds, rememberRunTime

_MODEL = "small-net"


@pytest.fixture(autouse=True)
def settings():
    """Nothing was run on this computer yet."""
    slicer.app.userSettings().remove(SETTING)
    yield
    slicer.app.userSettings().remove(SETTING)


@pytest.fixture
def ui(panel, monkeypatch, phantom):
    """The panel's controls with a CT and a model of several methods."""
    methods = ("tta", "slex", "deterministic", "brand-new")
    passes = {"tta": 1, "slex": 1, "deterministic": 8}
    model = InstalledModel(_MODEL, "Small network", Path("/models") / _MODEL, Origin.USER, methods, passes=passes)
    inputs, node = panel.widget.inputs, panel.widget.logic.getParameterNode()
    monkeypatch.setattr(inputs, "_listModels", lambda: [model])
    node.ct = add_ct(phantom.ct.hu, phantom.ct.affine, "CT")
    node.model, node.samples = _MODEL, 20
    inputs.setParameterNode(node)
    return panel.widget.ui


def summary(method: str = "tta", samples: int = 4, seconds: float = 8.0, shape=(12, 40, 44), model: str = _MODEL) -> dict:
    """What of a result tells how long it took."""
    provenance = {
        "model": {"name": model},
        "method": method,
        "samples": samples,
        "device": "cpu",
        "seconds": {"sampling": seconds},
    }
    return {"input": {"shape": list(shape)}, "provenance": provenance}


def test_every_method_of_the_engine_is_explained():
    for method in Method:
        details = methodDetails(method)
        assert details.title != details.name
        assert details.explanation.endswith(".")
        assert details.count(10) in (1, 3, 10)


def test_the_selector_offers_what_the_model_can_do(ui):
    box = ui.methodComboBox
    assert [box.itemData(index) for index in range(box.count)] == ["tta", "slex", "deterministic", "brand-new"]
    assert box.itemText(0) == Method.TTA.full_name
    assert box.itemText(3) == "brand-new"
    assert Method.TTA.explanation in box.toolTip
    assert ui.methodInfoLabel.text == Method.TTA.explanation
    assert ui.expectedTimeLabel.text == "Expected time: about 20 passes of the network."


def test_another_model_comes_with_the_method_it_was_made_for(panel, monkeypatch):
    """Also where it offers the method that was selected, which may be much slower."""
    models = [
        InstalledModel(name, name, Path("/models") / name, Origin.USER, methods)
        for name, methods in (("made-for-tta", ("tta", "deterministic")), ("made-for-slex", ("slex", "tta")))
    ]
    inputs, node, ui = panel.widget.inputs, panel.widget.logic.getParameterNode(), panel.widget.ui
    monkeypatch.setattr(inputs, "_listModels", lambda: models)
    node.model, node.method = "made-for-tta", "tta"
    inputs.setParameterNode(node)
    ui.modelComboBox.setCurrentIndex(1)
    assert (node.model, node.method) == ("made-for-slex", "slex")
    assert ui.methodComboBox.currentText == Method.SLEX.full_name
    ui.methodComboBox.setCurrentIndex(1)
    assert node.method == "tta"
    node.model, node.method = "made-for-tta", "deterministic"  # from a console: the panel follows
    inputs.update()
    assert ui.modelComboBox.currentText == "made-for-tta"
    assert ui.methodComboBox.currentText == Method.DETERMINISTIC.full_name


def test_the_line_below_follows_method_and_samples(ui):
    ui.samplesSpinBox.value = 7
    assert "about 7 passes" in ui.expectedTimeLabel.text
    ui.methodComboBox.setCurrentIndex(1)
    assert Method.SLEX.explanation in ui.methodInfoLabel.text
    assert "about 3 passes" in ui.expectedTimeLabel.text
    ui.methodComboBox.setCurrentIndex(2)
    assert "about 8 passes" in ui.expectedTimeLabel.text


def test_what_the_engine_says_of_the_model_counts(panel, ui):
    class Hello:
        devices = ("cpu",)
        models = (
            {
                "folder": f"/models/{_MODEL}",
                "method_details": [{"name": "brand-new", "title": "Brand new", "passes_per_sample": 2}],
            },
            {"folder": "/models/silent"},
        )

    panel.widget.inputs._offerDevices(Hello)
    ui.methodComboBox.setCurrentIndex(3)
    assert ui.methodComboBox.itemText(3) == "Brand new"
    assert ui.expectedTimeLabel.text == "Expected time: about 40 passes of the network."
    assert not ui.methodInfoLabel.isVisibleTo(panel.widget.parent)


@pytest.mark.parametrize(("windows", "copies"), [("whole", 1), ("trained", 2)])
def test_cost_is_read_from_the_card_as_the_engine_says_it(tmp_path, monkeypatch, windows, copies):
    """The single prediction is the mean over mirrored copies, but one pass of a network for whole heads."""
    from hemorrhage.models.locations import DEFAULT_NAME, embedded_folder
    from hemorrhage.models.method_details import method_details
    from hemorrhage.models.model_card import read_card

    shutil.copytree(embedded_folder() / DEFAULT_NAME, tmp_path / "mirrored")
    path = tmp_path / "mirrored" / "model.json"
    card = json.loads(path.read_text(encoding="utf-8")) | {"name": "mirrored", "windows": windows, "mirror_axes": [2]}
    path.write_text(json.dumps(card), encoding="utf-8")
    monkeypatch.setenv("HEMORRHAGE_MODELS", str(tmp_path))
    (model,) = (each for each in listModels() if each.name == "mirrored")
    told = {each.name: each.passes_per_sample for each in method_details(model.folder, read_card(model.folder))}
    assert model.passes == told == {"tta": 1, "deterministic": copies}


def test_a_measured_time_is_said(panel, ui):
    rememberRunTime(summary())
    panel.widget.inputs.update()
    assert ui.expectedTimeLabel.text == "Expected time: about 40 s (20 passes of the network)."
    ui.methodComboBox.setCurrentIndex(2)
    assert ui.expectedTimeLabel.text == "Expected time: about 20 s (8 passes of the network)."
    ui.methodComboBox.setCurrentIndex(3)
    assert ui.expectedTimeLabel.text == ""


def expected(method: str, samples: int, voxels: int = 1000, device: str = "auto", model: str = _MODEL) -> float | None:
    """The expected time in s, for a model whose single prediction takes eight passes and whose dropout is not known."""
    told = [{"name": "tta", "passes_per_sample": 1}, {"name": "deterministic", "passes_per_sample": 8}]
    return expectedSeconds(model, method, lambda name: methodDetails(name, told), device, samples, voxels)


def test_expected_time_is_that_of_what_is_most_alike():
    assert expected("tta", 10) is None
    rememberRunTime(summary(shape=(10, 10, 10)))  # 2 s a sample
    assert expected("tta", 10) == pytest.approx(20)
    assert expected("tta", 10, 2000, "cpu") == pytest.approx(40)
    assert expected("deterministic", 20) == pytest.approx(16)  # by its passes
    rememberRunTime(summary("deterministic", 1, 12.0, shape=(10, 10, 10)))
    assert expected("deterministic", 20) == pytest.approx(12)  # one sample, whatever is asked for
    assert expected("dropout", 10) is None
    rememberRunTime(summary("dropout", 10, 5.0, shape=(10, 10, 10)))
    assert expected("dropout", 20) == pytest.approx(10)
    assert expected("tta", 10, device="cuda") is None
    assert expected("tta", 10, 10_000) is None
    assert expected("tta", 10, model="another") is None
    rememberRunTime(summary(seconds=4.0, shape=(10, 10, 10)))  # the latest counts
    assert expected("tta", 10) == pytest.approx(10)


def test_only_so_many_times_are_remembered():
    for number in range(60):
        rememberRunTime(summary(model=f"model-{number}"))
    assert expected("tta", 1, 12 * 40 * 44, model="model-0") is None
    assert expected("tta", 1, 12 * 40 * 44, model="model-59") is not None


@pytest.mark.parametrize("damaged", ["[{}]", "no JSON", '[{"model": 1, "other": 2}]', "{}"])
def test_settings_of_another_version_do_no_harm(damaged):
    slicer.app.userSettings().setValue(SETTING, damaged)
    assert expected("tta", 10) is None
    rememberRunTime(summary())
    assert expected("tta", 10, 12 * 40 * 44) == pytest.approx(20)


def test_durations_are_rounded_as_estimates_deserve():
    assert [durationLabel(seconds) for seconds in (3, 44, 86, 100, 400)] == [
        "a few seconds",
        "about 40 s",
        "about 90 s",
        "about 2 min",
        "about 7 min",
    ]
