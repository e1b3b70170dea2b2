"""Lesions: the connected components of each class, measured in the patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..anatomical_axes import AnatomicalAxes
from ..head_ct import HeadCT
from ..segmentation import Lesion
from .abc2 import abc2_ml

#: Voxels that share a face, an edge or a corner belong together (26-neighbourhood).
NEIGHBOURHOOD = np.ones((3, 3, 3), dtype=bool)


def find_lesions(
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    entropy: NDArray[np.float32],
    classes: tuple[str, ...],
    ct: HeadCT,
) -> tuple[Lesion, ...]:
    """Return every lesion, largest first; equal volumes keep the order of the classes, then of the array.

    Parameters
    ----------
    labels : (D, H, W) uint8
    probabilities : (C, D, H, W) float32
    entropy : (D, H, W) float32
        Normalised predictive entropy in [0, 1].
    classes : tuple of str
        Class names, index = label value; index 0 is the background and has no lesions.
    ct : HeadCT
        Gives the geometry.

    Returns
    -------
    tuple of Lesion
        Nothing is left out: a single voxel is a lesion too.
    """
    found: list[Lesion] = []
    boxes = ndimage.find_objects(labels, max_label=len(classes) - 1)
    for label, (name, class_box) in enumerate(zip(classes[1:], boxes, strict=True), start=1):
        if class_box is None:
            continue
        components, _ = ndimage.label(labels[class_box] == label, structure=NEIGHBOURHOOD)
        for number, box in enumerate(ndimage.find_objects(components), start=1):
            here = tuple(
                slice(outer.start + inner.start, outer.start + inner.stop) for outer, inner in zip(class_box, box, strict=True)
            )
            found.append(_measure(components[box] == number, here, name, probabilities, entropy, classes, ct))
    found.sort(key=lambda lesion: -lesion.volume_ml)
    return tuple(replace(lesion, number=number) for number, lesion in enumerate(found, start=1))


def _measure(
    mask: NDArray[np.bool_],
    box: tuple[slice, ...],
    name: str,
    probabilities: NDArray[np.float32],
    entropy: NDArray[np.float32],
    classes: tuple[str, ...],
    ct: HeadCT,
) -> Lesion:
    """Measure one lesion: `mask` within `box` of the CT."""
    columns = ct.affine[:3, :3]
    indices = np.argwhere(mask) + [extent.start for extent in box]
    centre = indices.mean(axis=0)
    ras = columns @ centre + ct.affine[:3, 3]
    corner_reach = np.abs(columns).sum(axis=1)  # a voxel's own extent along R, A, S
    extent = np.ptp(indices @ columns.T, axis=0) + corner_reach
    uncertainty = entropy[box][mask]
    means = probabilities[(slice(None), *box)][:, mask].mean(axis=1, dtype=np.float64)
    return Lesion(
        number=0,
        name=name,
        volume_ml=len(indices) * ct.voxel_volume_ml,
        probabilities={each: float(mean) for each, mean in zip(classes, means, strict=True)},
        mean_uncertainty=float(uncertainty.mean(dtype=np.float64)),
        max_uncertainty=float(uncertainty.max()),
        extent_mm=(float(extent[0]), float(extent[1]), float(extent[2])),
        centre_ras=(float(ras[0]), float(ras[1]), float(ras[2])),
        nearest_slice=int(np.floor(centre[AnatomicalAxes.of(ct.affine).superior] + 0.5)),
        abc2_ml=abc2_ml(mask, ct.affine),
    )
