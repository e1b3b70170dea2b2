"""A finished segmentation without a network: an ellipsoid head with blobs, in any orientation of the array."""

import dataclasses
from types import SimpleNamespace

import numpy as np
from scipy import ndimage

from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.measures import build_segmentation
from hemorrhage.segmentation import Segmentation
from hemorrhage.uncertainty_parts import UncertaintyParts

#: Columns of the index-to-RAS matrix for (slice, row, column), as directions.
ORIENTATIONS = {
    "axial LPS": ((0, 0, 1), (0, -1, 0), (-1, 0, 0)),
    "axial RAS": ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "left-handed": ((0, 0, -1), (0, -1, 0), (-1, 0, 0)),
    "sagittal": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    "coronal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
    "oblique": ((0.1, 0.3, 0.95), (0.05, -0.95, 0.3), (-0.99, -0.02, 0.1)),
}
#: Class, center R, A, S and radii in mm, logit at the center.
BLOBS = (
    ("IPH", (-32.0, 5.0, 8.0), (17.0, 22.0, 18.0), 6.0),  # patient's left
    ("SDH", (58.0, 25.0, 20.0), (7.0, 22.0, 22.0), 3.0),
    ("SAH", (20.0, 45.0, -12.0), (9.0, 7.0, 7.0), 0.8),
)


def affine_for(orientation: str, shape: tuple[int, int, int], extent_mm: float = 200.0) -> np.ndarray:
    """Return an index-to-RAS matrix whose grid is centered on the head; S spans 0.8 of `extent_mm`."""
    directions = np.array(ORIENTATIONS[orientation], dtype=float).T
    directions /= np.linalg.norm(directions, axis=0)
    lengths = [extent_mm * (0.8 if np.abs(directions[:, axis]).argmax() == 2 else 1.0) for axis in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = directions * (np.array(lengths) / np.array(shape))
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def synthetic_segmentation(
    orientation: str = "axial LPS",
    shape: tuple[int, int, int] = (16, 48, 48),
    *,
    blobs=BLOBS,
    samples: int = 20,
    source: str = "phantom",
    affine: np.ndarray | None = None,
    method: str = "tta",
) -> Segmentation:
    """Return a measured phantom head, on the grid of `affine` if given; the blobs' probabilities fall off smoothly."""
    rng = np.random.default_rng(0)
    affine = affine_for(orientation, shape) if affine is None else affine
    ras = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    head = (((ras - (0, 0, -10)) / (74, 90, 80)) ** 2).sum(-1)
    hu = np.where(head < 1, 35.0, -1000.0) + np.where((head > 0.84) & (head < 0.97), 900.0, 0.0)
    ventricle = (((np.abs(ras) - (12, 0, 10)) / (7, 28, 12)) ** 2).sum(-1) < 1
    hu[ventricle] = 8
    logits = np.full((6, *shape), -8.0)
    logits[0] = 3.0
    for name, centre, radii, height in blobs:
        distance = np.sqrt((((ras - centre) / radii) ** 2).sum(-1))
        logits[SIX_CLASSES.index(name)] = 3.0 + height * np.clip(1 - distance, -3, 1) * 4
        hu = np.where((distance < 1) & (head < 0.84), 65.0, hu)
        logits[3 if name == "IPH" else 2] += 10.5 * np.exp(-(distance**2))
    probabilities = np.exp(logits - logits.max(0))
    probabilities = (probabilities / probabilities.sum(0)).astype(np.float32)
    hu = ndimage.gaussian_filter(hu, 0.5) + rng.normal(0, 4, shape) * (head < 1)
    entropy = np.clip(-(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(0) / np.log(6), 0, 1)
    labels = probabilities.argmax(0).astype(np.uint8)
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    volumes = np.bincount(labels.ravel(), minlength=6) * voxel_ml
    maps = SimpleNamespace(
        labels=labels,
        probabilities=probabilities,
        variance=(entropy * 0.2).astype(np.float32),
        class_variance=(probabilities * (1 - probabilities) * 0.1).astype(np.float32),
        entropy=entropy.astype(np.float32),
        expected_entropy=(entropy * 0.8).astype(np.float32),
        mutual_information=(entropy * 0.2).astype(np.float32),
        votes=np.full(shape, samples, np.uint16),
        parts=None,
        sample_volumes_ml=np.clip(volumes * (1 + 0.12 * rng.standard_normal((samples, 6))), 0, None),
    )
    provenance = {
        "program": {"name": "hemorrhage-uncertainty", "version": "0.1.0"},
        "model": {"name": "phantom", "sha256": "0" * 64},
        "method": method,
        "samples": samples,
        "seed": 0,
        "device": "cpu",
        "drawn": [{"angle": np.float64(1.5)}] * samples,
        "times_s": {"sampling": 12.3456},
    }
    ct = HeadCT(hu.astype(np.float32), affine, source=source, warnings=("The gantry was tilted by 12 degrees.",))
    return build_segmentation(ct, SIX_CLASSES, maps, provenance, warnings=("The model was trained on simulated CT only.",))


def with_parts(segmentation: Segmentation, share: float) -> Segmentation:
    """Return a segmentation to whose uncertainty the slice expansion has contributed that share, everywhere."""
    variance, information = segmentation.variance, segmentation.mutual_information
    parts = UncertaintyParts(share * variance, (1 - share) * variance, share * information, (1 - share) * information)
    return dataclasses.replace(segmentation, parts=parts)
