"""Each method of uncertainty through the panel, with the real engine and a tiny model of its kind."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from harness.event_loop import wait_until
from harness.scene_ct import add_ct
from HemorrhageUncertaintyLib import logic
from HemorrhageUncertaintyLib.engine_log import EngineLog
from HemorrhageUncertaintyLib.engine_process import EngineProcess
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.table_node import columnValues

CLASSES = ["background", "IPH", "SDH"]
SAMPLES = 6


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The folder of the user's models: a SLEX-Net, a U-Net with dropout and batch statistics, and an ensemble."""
    from harness.tiny_slexnet import random_slexnet
    from harness.tiny_slicenet import random_batches, random_slice_net
    from hemorrhage.models import ModelCard, write_slexnet_folder, write_slicenet_folder
    from hemorrhage.slexnet import SlexNetSettings
    from hemorrhage.slicenet import SliceNetSettings
    from hemorrhage.slicenet.batch_statistics import record_batch_statistics

    def card(name):
        content = {"name": name, "title": f"Random {name}", "classes": CLASSES, "intended_use": "tests", "license": "Apache-2.0"}
        return ModelCard.model_validate(content)

    parent, size = tmp_path_factory.mktemp("models"), {"classes": CLASSES, "channels": [4, 8, 8], "image_size": 64}
    slex = SlexNetSettings(**size)
    write_slexnet_folder(parent / "slexnet", card("slexnet"), random_slexnet(slex).state_dict(), slex)
    dropped, plain = SliceNetSettings(**size, dropout=0.2), SliceNetSettings(**size, dropout=0.0)
    network = random_slice_net(dropped)
    statistics = record_batch_statistics(network, random_batches(dropped, 3))
    write_slicenet_folder(parent / "slicenet", card("slicenet"), network.state_dict(), dropped, statistics)
    members = [random_slice_net(plain, seed).state_dict() for seed in range(2)]
    write_slicenet_folder(parent / "members", card("members"), members, plain)
    return parent


class LastingEngine(EngineProcess):
    """Outlives the module that uses it, since importing its libraries takes longer than all that is done here."""

    def kill(self, wait=True):
        """Nothing; see `end`."""

    def end(self):
        """End the process."""
        super().kill(wait=True)


@pytest.fixture(scope="module")
def engine(slicer_app, models, tmp_path_factory):
    """The real engine, which knows the models."""
    log = EngineLog(tmp_path_factory.mktemp("engine") / "engine.log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEMORRHAGE_MODELS", str(models))
        lasting = LastingEngine(logic.engine_command, log)
        yield lasting
        lasting.end()


@pytest.fixture
def widget(hosted_module, engine, monkeypatch):
    """The panel, opened."""
    monkeypatch.setattr(logic, "EngineProcess", lambda *_unused: engine)
    slicer.util.selectModule(hosted_module.name)
    return slicer.util.getModuleWidget(hosted_module.name)


def choose(box, value):
    """Pick a line of a combo box, as a person does, by what it stands for."""
    index = box.findData(value)
    assert index >= 0, f"{value} is not offered"
    box.setCurrentIndex(index)


@pytest.mark.parametrize(
    ("model", "method", "count"),
    [
        ("slexnet", "slex", 3),
        ("slexnet", "slex-tta", SAMPLES),
        ("slicenet", "dropout", SAMPLES),
        ("slicenet", "mcbn", 3),
        ("members", "ensemble", 2),
    ],
)
def test_from_the_choice_of_a_method_to_its_maps(widget, phantom_ct, model, method, count):
    ui, node = widget.ui, widget.logic.getParameterNode()
    ui.ctSelector.setCurrentNode(add_ct(phantom_ct.hu, phantom_ct.affine, "CT"))
    node.device = "cpu"
    ui.samplesSpinBox.value = SAMPLES
    ui.surfacesCheckBox.checked = False
    choose(ui.modelComboBox, model)
    choose(ui.methodComboBox, method)
    ui.segmentButton.click()
    wait_until(lambda: not widget.run.isRunning and not widget.display.isDrawing, 120)
    assert ui.statusLabel.text.startswith("Done: ")

    (result,) = HemorrhageResult.all()
    provenance = result.summary["provenance"]
    assert (provenance["model"]["name"], provenance["method"], provenance["samples"]) == (model, method, count)
    table = result.node("volumesTable")
    assert columnValues(table, "subtype") == [*CLASSES[1:], "total"]
    assert ui.volumesTable.rowCount == len(CLASSES)
    assert max(columnValues(table, "high_ml")) > 0  # random weights are never sure, but their samples are not empty

    offered = [ui.mapComboBox.itemData(index) for index in range(ui.mapComboBox.count)]
    parts = ["varianceExpansion", "varianceTransforms"] if method == "slex-tta" else []
    probabilities = [f"probabilities.{name}" for name in CLASSES[1:]]
    assert offered == ["variance", "entropy", "mutualInformation", *parts, *probabilities]
    for name in offered:
        choose(ui.mapComboBox, name)
        assert (HeatMap(result).name, HeatMap(result).isShown) == (name, True)
        values = slicer.util.arrayFromVolume(HeatMap(result).node)
        assert values.shape == phantom_ct.hu.shape
        assert values.max() > 0
    if parts:
        variance, *summands = (slicer.util.arrayFromVolume(result.map(name)) for name in ("variance", *parts))
        np.testing.assert_allclose(sum(summands), variance, atol=1e-5)
