"""What many plausible segmentations say together, one sample at a time (uncertainty-aware nnU-Net, Eq. 4)."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from .errors import ArgumentError
from .head_ct import HeadCT
from .posterior_groups import GroupParts, GroupSums
from .posterior_maps import PosteriorMaps, first_argmax, normalized_entropy, probabilities_on_ct, to_ct_grid
from .preview import Preview, label_volumes_ml
from .sampling.sampler import Sample
from .sampling.working_grid import WorkingGrid
from .welford import add_sample

#: Voxels handled at once, so that the temporary arrays of one step stay in the processor's cache.
_VOXELS_AT_ONCE = 1 << 15


class Posterior:
    """Streams samples into mean, variance, entropies and volumes; the memory does not grow with the number of samples.

    Each voxel counts its own votes: a sample without an opinion on a voxel (`Sample.valid`) changes nothing there. Mean and
    variance follow Welford's recursion. A voxel without any vote is background with no uncertainty, and `votes` tells.
    Samples that come in groups (`Sample.group`) also tell what arises within and between groups (`parts`).

    Parameters
    ----------
    classes : int
        Number of classes K >= 2; class 0 is the background.
    voxel_volume_ml : float
        Volume of a voxel of the samples' grid in mL (`working_voxel_volume_ml`).

    Attributes
    ----------
    samples : int
        Number of samples so far.
    """

    def __init__(self, classes: int, voxel_volume_ml: float) -> None:
        if not 2 <= classes <= 255:
            raise ArgumentError(f"a posterior needs from 2 to 255 classes, got {classes}")
        if not (math.isfinite(voxel_volume_ml) and voxel_volume_ml > 0):
            raise ArgumentError(f"the volume of a voxel must be a positive number of mL, got {voxel_volume_ml}")
        self.classes = classes
        self.voxel_volume_ml = voxel_volume_ml
        self.samples = 0
        self._volumes_ml: list[NDArray[np.float64]] = []
        self._state: _State | None = None
        self._groups: GroupSums | None = None

    def add(self, sample: Sample) -> None:
        """Take in one sample, of the same shape and device as those before.

        Raises
        ------
        ArgumentError
            If the sample does not have the posterior's classes, or not the shape of the samples before, or if it is in a group
            and those before were not, or the other way round.
        """
        probabilities, valid = sample.probabilities, sample.valid
        if probabilities.ndim != 4 or probabilities.shape[0] != self.classes:
            raise ArgumentError(
                f"a sample must hold {self.classes} class probabilities per voxel, (classes, slices, rows, columns), "
                f"but this one has the shape {tuple(probabilities.shape)}"
            )
        if self._state is None:
            self._state = _State(self.classes, probabilities.shape[1:], probabilities.device)
        if probabilities.shape != self._state.mean.shape:
            raise ArgumentError(
                f"this sample has the shape {tuple(probabilities.shape)}, those before {tuple(self._state.mean.shape)}"
            )
        if valid is not None and valid.shape != probabilities.shape[1:]:
            raise ArgumentError(
                f"a validity mask of shape {tuple(valid.shape)} does not fit probabilities of {tuple(probabilities.shape)}"
            )
        if sample.group is not None and self.samples == 0:
            self._groups = GroupSums(probabilities.shape, probabilities.device)
        if (sample.group is None) != (self._groups is None):
            raise ArgumentError("samples in groups and samples without do not go together in one posterior")
        labels = torch.empty(probabilities.shape[1:], dtype=torch.uint8, device=probabilities.device)
        with torch.inference_mode():
            thickness = max(1, _VOXELS_AT_ONCE // probabilities[0, 0].numel())
            for start in range(0, probabilities.shape[1], thickness):
                part = slice(start, start + thickness)
                self._state.add(part, probabilities[:, part].float(), None if valid is None else valid[part], labels[part])
            if self._groups is not None and sample.group is not None:
                self._groups.add(probabilities, valid, sample.group)
            counted = labels if valid is None else labels[valid]
            voxels = torch.bincount(counted.flatten(), minlength=self.classes)
        self._volumes_ml.append(voxels.cpu().numpy() * self.voxel_volume_ml)
        self.samples += 1

    @property
    def votes(self) -> torch.Tensor:
        """(D, H, W) float32: number of samples with an opinion."""
        return self._known.votes

    @property
    def mean(self) -> torch.Tensor:
        """(C, D, H, W): mean probabilities over the votes; background where there is none."""
        mean = self._known.mean.clamp(0, 1)
        mean[0].masked_fill_(self.votes == 0, 1.0)
        return mean

    @property
    def class_variance(self) -> torch.Tensor:
        """(C, D, H, W): population variance over the votes (Eq. 4), in [0, 0.25]; 0 where there are fewer than two votes."""
        return (self._known.squares / self.votes.clamp(min=1)).clamp_(0, 0.25)

    @property
    def variance(self) -> torch.Tensor:
        """(D, H, W): the sum of `class_variance` over classes, U, in [0, 1 - 1/C] (the samples share all classes evenly)."""
        return self.class_variance.sum(0).clamp_(max=1 - 1 / self.classes)

    @property
    def entropy(self) -> torch.Tensor:
        """(D, H, W): entropy of the mean divided by log C, in [0, 1]."""
        return normalized_entropy(self.mean)

    @property
    def expected_entropy(self) -> torch.Tensor:
        """(D, H, W): mean of the samples' entropies divided by log C, in [0, `entropy`] (the bound holds by concavity)."""
        expected = self._known.entropies / self.votes.clamp(min=1) / math.log(self.classes)
        return torch.minimum(expected.clamp_(0, 1), self.entropy)

    @property
    def mutual_information(self) -> torch.Tensor:
        """(D, H, W): `entropy` minus `expected_entropy`, in [0, 1]."""
        return self.entropy - self.expected_entropy

    @property
    def parts(self) -> GroupParts | None:
        """What arises within and between the groups; None if the samples do not come in groups."""
        if self._groups is None:
            return None
        return self._groups.parts(self.votes, self.variance, self.entropy, self.expected_entropy)

    def standard_error(self) -> torch.Tensor:
        """Return the estimated standard error of `variance` per voxel, (D, H, W); 0 where there are fewer than three votes.

        Step m of Welford's recursion adds a term whose expectation is the true variance whatever m is (and, for normal
        samples, independent of the others: Helmert's transform). The spread of these terms over m = 2, 3, ... gives the
        error of their mean at the price of one map. Unlike the other maps it depends on the order of the samples.
        """
        state = self._known
        terms = state.votes - 1
        enough = terms >= 2
        mean = state.squares.sum(0) / terms.clamp(min=1)
        spread = (state.squared_terms / terms.clamp(min=1) - mean**2).clamp_(min=0)
        error = torch.sqrt(spread / (terms - 1).clamp(min=1)) * (terms / state.votes.clamp(min=1))
        return torch.where(enough, error, torch.zeros_like(error))

    @property
    def sample_volumes_ml(self) -> NDArray[np.float64]:
        """(M, C): volume of each class in each sample's own label map (argmax, ties to the lower label), in mL.

        Counted on the working grid over the voxels on which the sample has a vote: a lesion cut by the edge of the
        field of view counts with the part that was seen. The final label map lies on the CT's grid and is made from the
        mean, so its volume is another quantity; who states an interval extends it to hold that volume too.
        """
        return np.array(self._volumes_ml).reshape(-1, self.classes)

    def summarize(self, grid: WorkingGrid) -> PosteriorMaps:
        """Return all maps on the CT's own grid, as NumPy arrays (see `PosteriorMaps` for what is resampled and how).

        Raises
        ------
        ArgumentError
            Before the first sample, or if a sample held values that are not finite.
        """
        self._check(grid)
        return to_ct_grid(
            grid,
            mean=self.mean,
            class_variance=self.class_variance,
            mutual_information=self.mutual_information,
            votes=self.votes,
            standard_error=self.standard_error(),
            sample_volumes_ml=self.sample_volumes_ml,
            parts=self.parts,
        )

    def preview(self, grid: WorkingGrid, classes: tuple[str, ...], voxel_volume_ml: float) -> Preview:
        """Return what the samples so far say, on the CT's own grid; cheaper than `summarize`, and nothing changes by asking.

        Parameters
        ----------
        grid : WorkingGrid
        classes : tuple of str
            Class names, index = label value.
        voxel_volume_ml : float
            Of the CT's voxels, in mL.

        Raises
        ------
        ArgumentError
            As `summarize`.
        """
        self._check(grid)
        probabilities = probabilities_on_ct(grid, self.mean)
        labels = first_argmax(probabilities).cpu().numpy()
        return Preview(
            samples=self.samples,
            labels=labels,
            entropy=normalized_entropy(probabilities).cpu().numpy(),
            variance=grid.to_ct(self.variance[None])[0].clamp_(0, 1 - 1 / self.classes).cpu().numpy(),
            volumes_ml=label_volumes_ml(labels, classes, voxel_volume_ml),
        )

    def _check(self, grid: WorkingGrid) -> None:
        """Raise `ArgumentError` unless the samples lie on `grid` and are finite."""
        if tuple(self.votes.shape) != tuple(grid.shape):
            raise ArgumentError(f"samples of shape {tuple(self.votes.shape)} are not on the working grid of shape {grid.shape}")
        if not bool(torch.isfinite(self._known.mean).all()):
            raise ArgumentError("the network returned probabilities that are not finite: the model or its precision is at fault")

    @property
    def _known(self) -> _State:
        if self._state is None:
            raise ArgumentError("a posterior has no maps before the first sample")
        return self._state


class _State:
    """The running sums, 2 C + 3 float32 maps on the working grid."""

    def __init__(self, classes: int, shape: torch.Size, device: torch.device) -> None:
        self.mean = torch.zeros((classes, *shape), device=device)
        self.squares = torch.zeros_like(self.mean)
        self.entropies = torch.zeros(shape, device=device)
        self.squared_terms = torch.zeros(shape, device=device)
        self.votes = torch.zeros(shape, device=device)

    def add(self, part: slice, probabilities: torch.Tensor, valid: torch.Tensor | None, labels: torch.Tensor) -> None:
        """Update some slices in place, and write the sample's label map (background where it has no vote)."""
        vote = torch.ones_like(self.votes[part]) if valid is None else valid.float()
        terms = add_sample(self.mean[:, part], self.votes[part], probabilities, vote)
        self.squares[:, part].add_(terms)
        self.squared_terms[part].add_(terms.sum(0).square_())
        surprise = probabilities.clamp(min=torch.finfo(torch.float32).tiny).log_().mul_(probabilities).sum(0)
        self.entropies[part].addcmul_(surprise, vote, value=-1)
        labels.copy_(first_argmax(probabilities))
        if valid is not None:
            labels.mul_(valid)


def working_voxel_volume_ml(ct: HeadCT, grid: WorkingGrid) -> float:
    """Return the volume of a voxel of the working grid in mL, exact also where the CT's affine is sheared.

    The working grid divides the box of the CT into another number of voxels, so the box's volume is shared among them.
    """
    box_voxels = math.prod(stop - start for start, stop in grid.box)
    return ct.voxel_volume_ml * box_voxels / math.prod(grid.shape)
