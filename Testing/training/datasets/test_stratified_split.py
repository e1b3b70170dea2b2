"""Splits keep patients together, subtypes balanced, and come out the same again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hemorrhage_training.datasets.stratified_split import stratified_groups

CLASSES = ("EDH", "IPH", "IVH", "SAH", "SDH")

patients = st.dictionaries(st.integers(0, 500).map(str), st.frozensets(st.sampled_from(CLASSES)), min_size=5, max_size=60)


@settings(max_examples=40, deadline=None)
@given(subtypes=patients, seed=st.integers(0, 2**31))
def test_everyone_is_in_one_group_of_the_size_asked_for(subtypes, seed):
    groups = stratified_groups(subtypes, (0.2,) * 5, np.random.default_rng(seed))
    assert groups.keys() == subtypes.keys()
    sizes = np.bincount(list(groups.values()), minlength=5)
    assert sizes.max() - sizes.min() <= 1


@settings(max_examples=20, deadline=None)
@given(subtypes=patients, seed=st.integers(0, 2**31))
def test_order_of_the_patients_does_not_matter(subtypes, seed):
    first = stratified_groups(subtypes, (0.7, 0.3), np.random.default_rng(seed))
    reverse = dict(reversed(subtypes.items()))
    assert stratified_groups(reverse, (0.7, 0.3), np.random.default_rng(seed)) == first


def test_rare_subtypes_are_spread_where_chance_would_not():
    """Five EDH among 100 patients: each of five folds has exactly one; by chance that happens in 4 % of draws."""
    rng = np.random.default_rng(0)
    for seed in range(10):
        subtypes = {str(k): frozenset(rng.choice(CLASSES[1:], rng.integers(0, 3), replace=False).tolist()) for k in range(95)}
        subtypes |= {f"rare{k}": frozenset({"EDH", "SDH"}) for k in range(5)}
        groups = stratified_groups(subtypes, (0.2,) * 5, np.random.default_rng(seed))
        assert sorted(group for patient, group in groups.items() if "EDH" in subtypes[patient]) == [0, 1, 2, 3, 4]
        for name in CLASSES[1:]:
            counts = np.bincount([group for patient, group in groups.items() if name in subtypes[patient]], minlength=5)
            assert counts.max() - counts.min() <= 3


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.2, 0.5])
def test_share_of_the_test_group(fraction):
    subtypes = {str(k): frozenset({CLASSES[k % 5]}) for k in range(50)}
    groups = stratified_groups(subtypes, (1 - fraction, fraction), np.random.default_rng(0))
    assert sum(groups.values()) == round(50 * fraction)


def test_seeds_differ():
    subtypes = {str(k): frozenset({CLASSES[k % 5]}) for k in range(30)}
    first, second = (stratified_groups(subtypes, (0.5, 0.5), np.random.default_rng(seed)) for seed in (0, 1))
    assert first != second
