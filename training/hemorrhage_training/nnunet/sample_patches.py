"""A few validation patches as the network segments them at present, always the same ones, so that progress can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from .patch_uncertainty import uncertainty_of

if TYPE_CHECKING:
    from .trainer import nnUNetTrainerUncertaintyAware

#: Predictions from which U is computed here: more than in a step, as few patches are shown and nothing waits for them.
_SAMPLES = 8


@dataclass(frozen=True)
class SamplePatch:
    """The slice of a validation patch that holds most hemorrhage.

    Attributes
    ----------
    case : str
    slice_number : int
        In the preprocessed case, from 0.
    ct : (H, W) float32
        In HU if the network's input is normalized as CT, else as the network sees it.
    is_hu : bool
    reference, prediction : (H, W) uint8
        Label values.
    uncertainty : (H, W) float32
        U of Eq. 4, in [0, 1 - 1/C].
    spacing : tuple of float
        Of rows and columns, in mm.
    """

    case: str
    slice_number: int
    ct: NDArray[np.float32]
    is_hu: bool
    reference: NDArray[np.uint8]
    prediction: NDArray[np.uint8]
    uncertainty: NDArray[np.float32]
    spacing: tuple[float, float]


@torch.no_grad()
def sample_patches(trainer: nnUNetTrainerUncertaintyAware, count: int = 4) -> Iterator[SamplePatch]:
    """Predict patches about the hemorrhage of up to `count` validation cases; the training goes on as if nothing had been asked.

    No random generator but an own one is used. Nothing comes from the second stage of a cascade, which needs the first one's
    output, nor from labels that overlap.
    """
    if trainer.folder_with_segs_from_previous_stage is not None or trainer.label_manager.has_regions:
        return
    was_training = trainer.network.training
    trainer.network.eval()
    try:
        cases = sorted(trainer.do_split()[1])
        dataset = trainer.dataset_class(trainer.preprocessed_dataset_folder, cases)
        shown = 0
        for case in cases:
            data, labels, _, _ = dataset.load_case(case)
            reference = np.asarray(labels[0])
            if not (reference > 0).any():
                continue
            yield _sample(trainer, case, np.asarray(data[:], dtype=np.float32), reference)
            shown += 1
            if shown == count:
                return
    finally:
        trainer.network.train(was_training)


def _sample(
    trainer: nnUNetTrainerUncertaintyAware, case: str, data: NDArray[np.float32], reference: NDArray[np.int16]
) -> SamplePatch:
    configuration = trainer.configuration_manager
    size = tuple(configuration.patch_size)
    flat = len(size) == 2
    window, at = _window(reference > 0, (1, *size) if flat else size)
    patch = _cut(data, (slice(None), *window), (data.shape[0], *((1, *size) if flat else size)))
    tensor = torch.from_numpy(patch[:, 0] if flat else patch)[None].to(trainer.device)
    own = trainer.probabilities(tensor)
    spacing = tuple(float(s) for s in configuration.spacing)
    u = uncertainty_of(
        trainer.probabilities,
        tensor,
        own,
        spacing,
        samples=_SAMPLES,
        transforms=trainer.settings.transforms,
        rng=np.random.default_rng(trainer.settings.seed),
    )
    slices = own.argmax(1)[0], u[0, 0]
    prediction, uncertainty = (each.cpu().numpy() if flat else each[at].cpu().numpy() for each in slices)
    is_hu = configuration.normalization_schemes[0] == "CTNormalization"
    ct = patch[0, 0 if flat else at]
    if is_hu:
        scale = trainer.plans_manager.foreground_intensity_properties_per_channel["0"]
        ct = ct * max(scale["std"], 1e-8) + scale["mean"]
    shown = np.clip(_cut(reference, window, (1, *size) if flat else size)[0 if flat else at], 0, None)
    return SamplePatch(
        case=case,
        slice_number=window[0].start + at,
        ct=ct.astype(np.float32),
        is_hu=is_hu,
        reference=shown.astype(np.uint8),
        prediction=prediction.astype(np.uint8),
        uncertainty=uncertainty.astype(np.float32),
        spacing=(spacing[-2], spacing[-1]),
    )


def _window(mask: NDArray[np.bool_], size: tuple[int, ...]) -> tuple[tuple[slice, ...], int]:
    """Return a window of `size`, as far as the case reaches, about the slice with most of the mask, and that slice within it."""
    best = int(mask.sum(axis=(1, 2)).argmax())
    center = (best, *(int(np.median(index)) for index in np.nonzero(mask[best])))
    starts = [max(0, min(c - n // 2, have - n)) for c, n, have in zip(center, size, mask.shape, strict=True)]
    return tuple(slice(s, s + n) for s, n in zip(starts, size, strict=True)), best - starts[0]


def _cut(array: NDArray[np.generic], window: tuple[slice, ...], shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Cut a window, continued by its border values where the array ends."""
    part = array[window]
    return np.pad(part, [(0, want - have) for want, have in zip(shape, part.shape, strict=True)], mode="edge")
