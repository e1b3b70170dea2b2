"""Overlap against SimpleITK and scikit-learn, and the conventions for empty masks."""

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, jaccard_score

from hemorrhage_training.evaluation.overlap import Overlap


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.05, 0.9))
def test_agrees_with_simpleitk_and_scikit_learn(seed, share):
    rng = np.random.default_rng(seed)
    predicted, reference = rng.random((2, 4, 5, 6)) < share
    predicted[0, 0, 0] = reference[0, 0, 1] = True
    overlap = Overlap.of(predicted, reference)
    measures = SimpleITK.LabelOverlapMeasuresImageFilter()
    measures.Execute(*(SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in (reference, predicted)))
    assert overlap.dice == pytest.approx(measures.GetDiceCoefficient())
    assert overlap.jaccard == pytest.approx(measures.GetJaccardCoefficient())
    assert overlap.dice == pytest.approx(f1_score(reference.ravel(), predicted.ravel()))
    assert overlap.jaccard == pytest.approx(jaccard_score(reference.ravel(), predicted.ravel()))


def test_relative_volume_difference_is_signed():
    assert Overlap(predicted=15, reference=10, shared=5).relative_volume_difference == pytest.approx(0.5)
    assert Overlap(predicted=5, reference=10, shared=5).relative_volume_difference == pytest.approx(-0.5)


def test_empty_masks():
    both, only_predicted, only_reference = Overlap(0, 0, 0), Overlap(3, 0, 0), Overlap(0, 3, 0)
    assert (both.dice, both.jaccard, both.relative_volume_difference) == (None, None, None)
    assert (only_predicted.dice, only_predicted.jaccard, only_predicted.relative_volume_difference) == (0, 0, None)
    assert (only_reference.dice, only_reference.jaccard, only_reference.relative_volume_difference) == (0, 0, -1)
