"""The selector offers what the model can do, and says what a method does and how long it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import slicer

from harness.scene_ct import add_ct
from hemorrhage.method import Method
from HemorrhageUncertaintyLib.methods import methodDetails
from HemorrhageUncertaintyLib.models import InstalledModel, Origin
from HemorrhageUncertaintyLib.pass_times import SETTING, durationLabel, expectedSeconds, rememberPassTime

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
    model = InstalledModel(_MODEL, "Small network", Path("/models") / _MODEL, Origin.USER, methods)
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
        assert details.passes(10) >= 1


def test_the_selector_offers_what_the_model_can_do(ui):
    box = ui.methodComboBox
    assert [box.itemData(index) for index in range(box.count)] == ["tta", "slex", "deterministic", "brand-new"]
    assert box.itemText(0) == Method.TTA.full_name
    assert box.itemText(3) == "brand-new"
    assert Method.TTA.explanation in box.toolTip
    assert ui.methodInfoLabel.text == Method.TTA.explanation
    assert ui.expectedTimeLabel.text == "Expected time: about 20 passes of the network."


def test_the_line_below_follows_method_and_samples(ui):
    ui.samplesSpinBox.value = 7
    assert "about 7 passes" in ui.expectedTimeLabel.text
    ui.methodComboBox.setCurrentIndex(1)
    assert Method.SLEX.explanation in ui.methodInfoLabel.text
    assert "about 3 passes" in ui.expectedTimeLabel.text
    ui.methodComboBox.setCurrentIndex(2)
    assert "about one pass" in ui.expectedTimeLabel.text


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


def test_a_measured_time_is_said(panel, ui):
    rememberPassTime(summary())
    panel.widget.inputs.update()
    assert ui.expectedTimeLabel.text == "Expected time: about 40 s (20 passes of the network)."


def test_expected_time_is_that_of_what_is_most_alike():
    assert expectedSeconds(_MODEL, "tta", "auto", 10, 1000) is None
    rememberPassTime(summary(shape=(10, 10, 10)))  # 2 s a pass
    rememberPassTime(summary("deterministic", 20, 1.0, shape=(10, 10, 10)))  # one pass, whatever was asked for
    assert expectedSeconds(_MODEL, "tta", "auto", 10, 1000) == pytest.approx(20)
    assert expectedSeconds(_MODEL, "tta", "cpu", 10, 2000) == pytest.approx(40)
    assert expectedSeconds(_MODEL, "deterministic", "auto", 1, 1000) == pytest.approx(1 / 1)
    assert expectedSeconds(_MODEL, "dropout", "auto", 1, 1000) is not None
    assert expectedSeconds(_MODEL, "tta", "cuda", 10, 1000) is None
    assert expectedSeconds(_MODEL, "tta", "auto", 10, 10_000) is None
    assert expectedSeconds("another", "tta", "auto", 10, 1000) is None
    rememberPassTime(summary(seconds=4.0, shape=(10, 10, 10)))  # the latest counts
    assert expectedSeconds(_MODEL, "tta", "auto", 10, 1000) == pytest.approx(10)


def test_only_so_many_times_are_remembered():
    for number in range(60):
        rememberPassTime(summary(model=f"model-{number}"))
    assert expectedSeconds("model-0", "tta", "auto", 1, 12 * 40 * 44) is None
    assert expectedSeconds("model-59", "tta", "auto", 1, 12 * 40 * 44) is not None


@pytest.mark.parametrize("damaged", ["[{}]", "no JSON", '[{"model": 1, "other": 2}]', "{}"])
def test_settings_of_another_version_do_no_harm(damaged):
    slicer.app.userSettings().setValue(SETTING, damaged)
    assert expectedSeconds(_MODEL, "tta", "auto", 10, 1000) is None
    rememberPassTime(summary())
    assert expectedSeconds(_MODEL, "tta", "auto", 10, 12 * 40 * 44) == pytest.approx(20)


def test_durations_are_rounded_as_estimates_deserve():
    assert [durationLabel(seconds) for seconds in (3, 44, 86, 100, 400)] == [
        "a few seconds",
        "about 40 s",
        "about 90 s",
        "about 2 min",
        "about 7 min",
    ]
