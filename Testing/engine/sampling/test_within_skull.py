"""Nothing is called hemorrhage outside of the skull; inside, samples stay as they are."""

import numpy as np
import pytest
import torch

from harness.head_phantom import centered, grid_points, head_at
from hemorrhage.head_ct import HeadCT
from hemorrhage.intracranial_mask import intracranial_mask
from hemorrhage.sampling import Sample, WorkingGrid
from hemorrhage.sampling.within_skull import NO_SKULL, WithinSkull, region_on_grid, restrict


def head_ct():
    shape = (24, 72, 64)
    affine = centered(np.array([[0.0, 0.0, -3.0], [0.0, -3.0, 0.0], [7.0, 0.0, 0.0]]), shape)
    return HeadCT(head_at(grid_points(shape, affine)).astype(np.float32), affine)


class EverythingBleeds:
    """Probability 0.75 of class 1 everywhere, on a coarser, turned grid."""

    largest_count = None
    samples_per_draw = 1

    def in_words(self, count):
        """Nothing to say."""
        return ""

    def grid(self, ct):
        """Half the resolution, axes turned."""
        d, h, w = ct.shape
        s = ct.spacing
        return WorkingGrid(
            ct.shape, (0, 2, 1), ((0, d), (0, w), (0, h)), (d, w // 2, h // 2), (s[0], s[2] * w / (w // 2), s[1] * h / (h // 2))
        )

    def draw(self, ct, count, seed):
        """The same sample again and again."""
        shape = self.grid(ct).shape
        for k in range(count):
            yield Sample(torch.stack([torch.full(shape, 0.25), torch.full(shape, 0.75)]), parameters={"sample": k}, group=k)


def test_outside_is_background_and_inside_is_untouched():
    ct = head_ct()
    mask = intracranial_mask(ct)
    sampler = WithinSkull(EverythingBleeds())
    samples = list(sampler.draw(ct, 2, 0))
    assert [dict(s.parameters) for s in samples] == [{"sample": 0}, {"sample": 1}]
    assert [s.group for s in samples] == [0, 1]
    back = sampler.grid(ct).to_ct(samples[0].probabilities, torch.tensor([1.0, 0.0])).numpy()
    assert np.allclose(back.sum(0), 1)
    from scipy import ndimage

    far = ndimage.distance_transform_edt(~mask, sampling=ct.spacing) > 2 + 3 * max(ct.spacing[1:]) + ct.spacing[0]
    assert back[1][far].max() == 0
    deep = ndimage.distance_transform_edt(mask, sampling=ct.spacing) > 3 * max(ct.spacing[1:])
    assert np.all(back[1][deep] == pytest.approx(0.75))


def test_without_a_skull_samples_stay_as_they_are():
    ct = head_ct()
    soft = HeadCT(np.minimum(ct.hu, 60).astype(np.float32), ct.affine)
    assert intracranial_mask(soft) is None
    said: list[str] = []
    (sample,) = WithinSkull(EverythingBleeds(), said.append).draw(soft, 1, 0)
    assert torch.all(sample.probabilities[1] == 0.75)
    assert said == [NO_SKULL]


def test_margin_is_in_millimeters():
    mask = np.zeros((5, 40, 40), bool)
    mask[2, 20, 20] = True
    grid = WorkingGrid((5, 40, 40), (0, 1, 2), ((0, 5), (0, 40), (0, 40)), (5, 40, 40), (5.0, 0.5, 0.5))
    grown = region_on_grid(mask, grid, 2.0)
    assert grown[2, 20, 24]
    assert not grown[2, 20, 25]
    assert not grown[1].any()


def test_restricted_probabilities_are_probabilities():
    p = torch.rand(3, 2, 4, 4).softmax(0)
    allowed = torch.rand(2, 4, 4) > 0.5
    restricted = restrict(p, allowed)
    assert torch.allclose(restricted.sum(0), torch.ones(()))
    assert torch.equal(restricted[:, allowed], p[:, allowed])
    assert torch.all(restricted[0][~allowed] == 1)
