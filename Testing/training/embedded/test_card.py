"""The card for people, from figures that are known."""

import json

import numpy as np

from hemorrhage_training.embedded.card import with_earlier, write_card_text
from hemorrhage_training.embedded.pool import real_anatomy

FIGURES = {
    "samples": 2,
    "by_class": {
        "IPH": {
            "cases": 3,
            "dice": 0.8,
            "volume_bias_ml": -1.0,
            "volume_mean_absolute_error_ml": 2.0,
            "lesions_over_1_ml": 0,
            "sensitivity_over_1_ml": None,
        }
    },
    "mean_foreground_dice": 0.8,
    "hemorrhage_free_cases": 0,
    "real_hemorrhage_free_ct_ml": 1.25,
}
TRAINING = {"data": "simulated head CT only", "cases": 9, "steps": 10, "minutes": 1.5}


def test_real_heads_in_training_are_counted_by_name(tmp_path):
    for number, base in enumerate(("/somewhere/template.nii.gz", None, "/somewhere/template.nii.gz", "/elsewhere/ct")):
        anatomy = {} if base is None else {"base": base}
        np.savez(tmp_path / f"case_{number:06d}.npz", description=np.array(json.dumps({"anatomy": anatomy})))
    assert real_anatomy(sorted(tmp_path.glob("*.npz"))) == {"template.nii.gz": 2, "ct": 1}


def test_card_says_whether_the_real_ct_was_in_training(tmp_path):
    training = TRAINING | {"real_anatomy": {"template.nii.gz": 2}}
    text = write_card_text(tmp_path, training, FIGURES | {"real_ct_in_training": True}).read_text()
    assert "2 on template.nii.gz" in text
    assert "(its anatomy, deformed, was in training): 1.25 mL" in text
    text = write_card_text(tmp_path, TRAINING, FIGURES | {"real_ct_in_training": False}).read_text()
    assert "(not used in training): 1.25 mL" in text
    assert "anatomy" not in text


def test_training_of_the_model_before_is_counted_too():
    earlier = {"data": "other", "cases": 5, "steps": 100, "minutes": 2.05, "real_anatomy": {"ct": 1, "template.nii.gz": 3}}
    assert with_earlier(TRAINING | {"real_anatomy": {"ct": 4}}, earlier) == {
        "data": "simulated head CT only",
        "cases": 14,
        "steps": 110,
        "minutes": 3.5,
        "real_anatomy": {"ct": 5, "template.nii.gz": 3},
    }
