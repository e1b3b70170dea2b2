"""The embedded SLEX-Net's card says what was measured on cases that nothing was trained on."""

import pytest

from harness.tiny_slexnet import random_slexnet
from hemorrhage.errors import OutputExistsError
from hemorrhage.models import ModelCard, load_model
from hemorrhage.models.slexnet_folder import write_slexnet_folder
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage_training.embedded_slexnet.card import embed

FIGURES = {
    "by_class": {
        "IPH": {
            "cases": 7,
            "dice": 0.512,
            "volume_bias_ml": -3.21,
            "volume_mean_absolute_error_ml": 4.32,
            "lesions_over_1_ml": 9,
            "sensitivity_over_1_ml": 0.889,
        }
    },
    "mean_foreground_dice": 0.512,
    "hemorrhage_free_cases": 5,
    "false_positive_ml_mean": 0.5,
    "false_positive_ml_max": 1.25,
    "samples": 3,
    "real_hemorrhage_free_ct_ml": 2.0,
    "real_ct_in_training": True,
}


@pytest.fixture
def trained(tmp_path):
    settings = SlexNetSettings(classes=["background", "IPH"], channels=[4, 8], image_size=32)
    card = ModelCard(
        name="trained",
        title="Small SLEX-Net",
        classes=settings.classes,
        training={
            "data": "simulated head CT only",
            "cases": 11,
            "runs": [{"what": "first", "epochs": 3, "best_epoch": 2, "validation_dice": 0.4}],
            "settings": {"sampling": {"slices_per_epoch": 60}},
            "backbone": {"runs": [{"what": "the network", "epochs": 5}], "settings": {"sampling": {"slices_per_epoch": 90}}},
        },
        evaluation={"what": "validation", "dice": {"IPH": 0.9}},
        intended_use="Research use only.",
        license="Apache-2.0",
    )
    write_slexnet_folder(tmp_path / "trained", card, random_slexnet(settings).state_dict(), settings)
    return tmp_path / "trained"


def test_measured_figures_take_the_place_of_those_of_validation(trained, tmp_path):
    embed(trained, tmp_path / "small-slexnet", {"template.nii.gz": 4}, FIGURES)
    model = load_model(tmp_path / "small-slexnet")
    assert model.name == "small-slexnet"
    assert model.card.evaluation == FIGURES
    assert model.card.training["validation"]["dice"] == {"IPH": 0.9}
    assert model.card.training["real_anatomy"] == {"template.nii.gz": 4}
    assert model.sha256 == load_model(trained).sha256


def test_people_read_the_same_figures(trained, tmp_path):
    embed(trained, tmp_path / "small-slexnet", {"template.nii.gz": 4}, FIGURES)
    text = (tmp_path / "small-slexnet" / "README.md").read_text(encoding="utf-8")
    assert "| IPH | 7 | 0.51 | -3.2 | 4.3 | 9 | 0.89 |" in text
    assert "0.50 mL called hemorrhage on average, 1.25 mL at most" in text
    assert "its anatomy, deformed, was in training): 2.00 mL" in text
    assert "11 cases, 5 epochs (the network) of 90 slices each; then 3 epochs (first) of 60 slices each, on a CPU" in text
    assert "4 on template.nii.gz" in text


def test_nothing_is_overwritten(trained, tmp_path):
    with pytest.raises(OutputExistsError):
        embed(trained, trained, {}, FIGURES)
