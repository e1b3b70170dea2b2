"""What arises within and between groups of samples, against NumPy on all samples at once."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hemorrhage.errors import ArgumentError
from hemorrhage.posterior import Posterior
from hemorrhage.sampling.sampler import Sample
from hemorrhage.sampling.working_grid import WorkingGrid

SHAPE = (2, 3, 4)
GRID = WorkingGrid(SHAPE, (0, 1, 2), ((0, 2), (0, 3), (0, 4)), SHAPE, (5.0, 1.0, 1.0))


def grouped_samples(sizes, classes, seed):
    """Random probabilities, in groups of these sizes; each group has its own field of view."""
    rng = np.random.default_rng(seed)
    for group, size in enumerate(sizes):
        valid = torch.from_numpy(rng.random(SHAPE) < 0.8)
        for _ in range(size):
            yield Sample(torch.from_numpy(rng.normal(size=(classes, *SHAPE)) * 2).softmax(0).float(), valid, group=group)


def posterior_of(samples):
    posterior = Posterior(len(samples[0].probabilities), 0.01)
    for sample in samples:
        posterior.add(sample)
    return posterior


def entropy(p):
    return -(p * np.log(np.maximum(p, 1e-300))).sum(0) / math.log(len(p))


def read_at_voxel(samples, index):
    """Law of total variance and chain rule of mutual information for one voxel, from the definitions."""
    at = (slice(None), *index)
    groups = {}
    for sample in samples:
        if sample.valid[index]:
            groups.setdefault(sample.group, []).append(sample.probabilities.double().numpy()[at])
    if not groups:
        return 0.0, 0.0, 0.0, 0.0
    everything = np.array([p for members in groups.values() for p in members])
    mean, n = everything.mean(0), len(everything)
    within = sum(len(members) * np.var(members, axis=0).sum() for members in groups.values()) / n
    between = sum(len(members) * ((np.mean(members, axis=0) - mean) ** 2).sum() for members in groups.values()) / n
    given_group = sum(len(members) * entropy(np.mean(members, axis=0)) for members in groups.values()) / n
    expected = np.mean([entropy(p) for p in everything])
    return within, between, given_group - expected, entropy(mean) - given_group


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4), classes=st.integers(2, 6), seed=st.integers(0, 10**6))
def test_parts_equal_their_definitions_and_sum_to_the_whole(sizes, classes, seed):
    samples = list(grouped_samples(sizes, classes, seed))
    posterior = posterior_of(samples)
    parts = posterior.parts
    for index in np.ndindex(SHAPE):
        found = [
            float(each[index])
            for each in (parts.variance_within, parts.variance_between, parts.information_within, parts.information_between)
        ]
        assert found == pytest.approx(read_at_voxel(samples, index), abs=2e-6)
    assert torch.allclose(parts.variance_within + parts.variance_between, posterior.variance, atol=1e-7)
    together = posterior.expected_entropy + parts.information_within + parts.information_between
    assert torch.allclose(together, posterior.entropy, atol=1e-6)


def test_asking_in_the_middle_of_a_group_changes_nothing():
    samples = list(grouped_samples([3, 3], 3, 0))
    asked = Posterior(3, 0.01)
    for sample in samples:
        asked.add(sample)
        asked.summarize(GRID)
    assert torch.equal(asked.parts.variance_within, posterior_of(samples).parts.variance_within)
    assert torch.equal(asked.parts.information_between, posterior_of(samples).parts.information_between)


@pytest.mark.parametrize("groups", [(0, 0), (0, 1)])
def test_two_samples_that_disagree(groups):
    """Certain of different classes: all of it arises within the one group, or between the two."""
    one, other = torch.zeros(2, *SHAPE), torch.zeros(2, *SHAPE)
    one[0], other[1] = 1, 1
    parts = posterior_of([Sample(p, group=g) for p, g in zip((one, other), groups, strict=True)]).parts
    same = groups == (0, 0)
    assert float(parts.variance_within.max()) == pytest.approx(0.5 * same)
    assert float(parts.variance_between.max()) == pytest.approx(0.5 * (not same))
    assert float(parts.information_within.max()) == pytest.approx(1.0 * same)
    assert float(parts.information_between.max()) == pytest.approx(1.0 * (not same))


def test_maps_on_the_ct():
    finer = WorkingGrid((2, 6, 8), (0, 1, 2), ((0, 2), (0, 6), (0, 8)), SHAPE, (5.0, 2.0, 2.0))
    maps = posterior_of(list(grouped_samples([3, 3, 3], 4, 7))).summarize(finer)
    assert maps.parts.variance_expansion.shape == (2, 6, 8)
    assert maps.parts.variance_expansion + maps.parts.variance_transforms == pytest.approx(maps.variance, abs=1e-7)
    information = maps.parts.mutual_information_expansion + maps.parts.mutual_information_transforms
    assert information == pytest.approx(maps.mutual_information, abs=1e-7)
    assert min(maps.parts.variance_expansion.min(), maps.parts.variance_transforms.min()) >= 0
    share = maps.parts.variance_expansion.sum() / maps.variance.sum()
    assert maps.parts.variance_share_of_expansion == pytest.approx(share, rel=1e-5)


def test_without_groups_there_are_no_parts():
    (sample,) = grouped_samples([1], 2, 0)
    alone = posterior_of([Sample(sample.probabilities, sample.valid)])
    assert alone.parts is None
    assert alone.summarize(GRID).parts is None
    with pytest.raises(ArgumentError, match="do not go together"):
        alone.add(sample)
