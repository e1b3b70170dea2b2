"""Temperature scaling of probabilities."""

import numpy as np
import pytest

from hemorrhage.measures.temperature import tempered


def test_equals_the_softmax_of_divided_logits():
    logits = np.random.default_rng(0).normal(0, 2, (6, 4, 5, 3))
    probabilities = (np.exp(logits) / np.exp(logits).sum(0)).astype(np.float32)
    expected = np.exp(logits / 1.7) / np.exp(logits / 1.7).sum(0)
    np.testing.assert_allclose(tempered(probabilities, 1.7), expected, atol=1e-6)
    np.testing.assert_allclose(tempered(probabilities, 1.0), probabilities, atol=1e-6)
    np.testing.assert_array_equal(tempered(probabilities, 3.0).argmax(0), probabilities.argmax(0))


def test_zeros_and_certainty_stay_finite():
    one_hot = np.eye(3, dtype=np.float32)
    for temperature in (0.25, 1.0, 8.0):
        result = tempered(one_hot, temperature)
        np.testing.assert_allclose(result.sum(0), 1, atol=1e-6)
        assert (np.diag(result) > 0.7).all()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_temperature_must_be_positive(temperature):
    with pytest.raises(ValueError, match="positive"):
        tempered(np.ones((2, 1), np.float32) / 2, temperature)
