"""The list of models, read from their folders alone."""

from __future__ import annotations

import pytest

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


def test_damaged_card_is_listed_with_what_to_do(models):
    (models / "broken").mkdir()
    (models / "broken" / "model.json").write_text("{", encoding="utf-8")
    (model,) = (model for model in listModels() if model.name == "broken")
    assert model.problem.endswith("import it again.")
    assert model.methods == ()
