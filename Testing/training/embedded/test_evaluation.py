"""The card's figures on label maps whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage_training.embedded.evaluation import CardFigures, ClassScore, class_scores, dice, lesions_found


def test_dice_of_half_overlap():
    a, b = np.zeros((2, 10), bool), np.zeros((2, 10), bool)
    a[0], b[0, :5], b[1, :5] = True, True, True
    assert dice(a, b) == pytest.approx(0.5)


def test_lesions_are_found_by_a_tenth_and_counted_by_size():
    reference = np.zeros((12, 12, 12), bool)
    reference[1:4, 1:11, 1:3] = True  # 60 voxels
    reference[6:9, 1:11, 1:3] = True  # 60 voxels
    reference[11, 11, 11] = True  # 1 voxel: below the limit
    predicted = np.zeros_like(reference)
    predicted[1, 1:4, 1:3] = True  # 6 of 60
    predicted[6, 1:3, 1:3] = True  # 4 of 60
    assert lesions_found(reference, predicted, voxel_ml=0.1, above_ml=1.0) == [True, False]


def test_scores_of_a_case_whose_answer_is_known():
    segmentation = synthetic_segmentation()
    reference = segmentation.labels.copy()
    scores = class_scores(segmentation, reference)
    assert set(scores) == {SIX_CLASSES[c] for c in np.unique(reference) if c} | {"any hemorrhage"}
    assert all(score.dice == 1 and score.volume_error_ml == 0 and all(score.found) for score in scores.values())
    reference[reference > 0] = 5  # everything there is another subtype: found, but not by that name
    scores = class_scores(segmentation, reference)
    assert scores["any hemorrhage"].dice == 1
    assert scores["SDH"].dice < 1
    assert all(scores["SDH"].found)


def test_a_model_of_one_class_is_not_judged_by_subtypes():
    segmentation = synthetic_segmentation()
    reference = segmentation.labels.copy()
    one_class = replace(
        segmentation, classes=("background", "hemorrhage"), labels=np.minimum(segmentation.labels, 1).astype(np.uint8)
    )
    scores = class_scores(one_class, reference)
    assert set(scores) == {"any hemorrhage"}
    assert scores["any hemorrhage"].dice == 1


def test_summary_is_over_the_cases_that_have_the_class():
    figures = CardFigures()
    figures.add({"IPH": ClassScore(0.8, 2.0, [True]), "any hemorrhage": ClassScore(0.8, 2.0, [True])})
    figures.add({"IPH": ClassScore(0.4, -4.0, [False, True]), "any hemorrhage": ClassScore(0.5, -4.0, [False, True])})
    figures.add_hemorrhage_free(0.3)
    summary = figures.summary()
    assert summary["by_class"]["IPH"]["dice"] == pytest.approx(0.6)
    assert summary["by_class"]["IPH"]["volume_bias_ml"] == pytest.approx(-1)
    assert summary["by_class"]["IPH"]["volume_mean_absolute_error_ml"] == pytest.approx(3)
    assert summary["by_class"]["IPH"]["sensitivity_over_1_ml"] == pytest.approx(2 / 3, abs=1e-3)
    assert summary["false_positive_ml_mean"] == pytest.approx(0.3)
