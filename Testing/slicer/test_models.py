"""The list of models, read from their folders alone."""

from __future__ import annotations

import json
import shutil

import pytest
import slicer

from hemorrhage.models.locations import ALIASES, DEFAULT_NAME, Origin, embedded_folder
from HemorrhageUncertaintyLib import models as models_module
from HemorrhageUncertaintyLib.models import listModels


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The folder of the user's models, empty."""
    monkeypatch.setenv("HEMORRHAGE_MODELS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("folds", "methods"), [(1, ("tta", "deterministic")), (5, ("tta", "deterministic", "ensemble"))])
def test_model_without_a_card_offers_what_the_engine_would(models, folds, methods):
    for fold in range(folds):
        (models / "stock" / f"fold_{fold}").mkdir(parents=True)
    for name in ("plans.json", "dataset.json"):
        (models / "stock" / name).write_text("{}", encoding="utf-8")
    (model,) = (model for model in listModels() if model.name == "stock")
    assert model.methods == methods
    assert not model.problem
    assert "nothing is said about where it was trained" in model.card
    assert model.trained == model.card


def test_damaged_card_is_listed_with_what_to_do(models):
    (models / "broken").mkdir()
    (models / "broken" / "model.json").write_text("{", encoding="utf-8")
    (model,) = (model for model in listModels() if model.name == "broken")
    assert model.problem.endswith("import it again.")
    assert model.methods == ()


FAST_NAME = "simulated-slexnet"


@pytest.fixture
def embedded(tmp_path, monkeypatch):
    """The folder of embedded models with the default one, and a SLEX-Net made of it with the short name ``fast``."""
    folder = tmp_path / "embedded"
    for name in (DEFAULT_NAME, FAST_NAME):
        shutil.copytree(embedded_folder() / DEFAULT_NAME, folder / name)
    path = folder / FAST_NAME / "model.json"
    changes = {"name": FAST_NAME, "title": "Small SLEX-Net", "method": "slexnet", "methods": ["slex", "slex-tta"]}
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    monkeypatch.setattr(models_module, "embedded_folder", lambda: folder)
    monkeypatch.setitem(ALIASES, "fast", FAST_NAME)
    return folder


def test_a_second_embedded_model_is_offered_by_its_short_name(models, embedded):
    shutil.copytree(embedded / FAST_NAME, models / FAST_NAME)  # the user's own cannot take its place
    found = listModels()
    assert [(model.name, model.origin) for model in found] == [("default", Origin.EMBEDDED), ("fast", Origin.EMBEDDED)]
    fast = found[1]
    assert fast.title == "Small SLEX-Net"
    assert fast.methods == ("slex", "slex-tta")
    assert "<b>Small SLEX-Net</b>" in fast.card
    assert "Trained on" in fast.card


def test_panel_says_on_what_the_model_was_trained(models, embedded, hosted_module):
    """Beside the selector, not only in a tool tip: a model that has seen simulated CT only must not be taken for more."""
    path = embedded / FAST_NAME / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"training": {}}), encoding="utf-8")
    slicer.util.selectModule(hosted_module.name)
    widget = slicer.util.getModuleWidget(hosted_module.name)
    label = widget.ui.modelInfoLabel
    assert label.text == "Trained on: simulated head CT only."
    assert label.isVisibleTo(widget.parent)
    widget.ui.modelComboBox.setCurrentIndex(1)
    assert label.text == "Its card does not say on what it was trained."


def test_an_embedded_model_without_a_short_name_is_offered_by_its_own(models, embedded, monkeypatch):
    monkeypatch.delitem(ALIASES, "fast")
    assert [model.name for model in listModels()] == ["default", FAST_NAME]


def test_the_selector_offers_it_with_its_card_and_methods(models, embedded, hosted_module):
    slicer.util.selectModule(hosted_module.name)
    widget = slicer.util.getModuleWidget(hosted_module.name)
    models_box, methods_box = widget.ui.modelComboBox, widget.ui.methodComboBox
    assert [models_box.itemData(index) for index in range(models_box.count)] == ["default", "fast"]
    models_box.setCurrentIndex(1)
    assert widget.logic.getParameterNode().model == "fast"
    assert "<b>Small SLEX-Net</b>" in models_box.toolTip
    assert [methods_box.itemData(index) for index in range(methods_box.count)] == ["slex", "slex-tta"]
    assert widget.logic.getParameterNode().method == "slex"


def test_whatever_comes_with_the_program_is_offered_with_its_card(models):
    found = {model.folder.name: model for model in listModels()}
    assert DEFAULT_NAME in found
    for folder in embedded_folder().iterdir():
        model = found[folder.name]
        assert not model.problem
        assert model.methods
        assert "Trained on" in model.card
