"""Subarachnoid hemorrhage: blood that replaces cerebrospinal fluid in sulci, fissures and basal cisterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Anatomy, Tissue
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, LesionShape, bounding_box, draw_side, landmark, nearest_voxel, offsets_mm

PATTERNS = {"focal": 0.55, "diffuse": 0.27, "fissure": 0.18}


def compartment(anatomy: Anatomy) -> NDArray[np.bool_]:
    """Subarachnoid space and the cortex within one voxel in the plane, which thin sulci share with it (partial volume)."""
    csf = anatomy.csf & ~anatomy.ventricles & (anatomy.tissue == Tissue.CSF) & (anatomy.depth > 0.8)
    cross = np.zeros((3, 3, 3), bool)
    cross[1, 1, :] = cross[1, :, 1] = True
    near = ndimage.binary_dilation(csf, cross) & (anatomy.tissue == Tissue.GREY) & (anatomy.depth > 1.5)
    return csf | near


def draw_shape(rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan) -> LesionShape | None:
    """Draw a density that decays away from one or a few seeds in the subarachnoid space; the threshold gives the volume."""
    side = draw_side(rng, plan)
    pattern = plan.pattern or str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    space = compartment(anatomy)
    seeds = _draw_seeds(rng, anatomy, plan, pattern, side, space)
    if not seeds:
        return None
    reach = {"focal": float(rng.uniform(9, 25)), "fissure": float(rng.uniform(15, 35)), "diffuse": float(rng.uniform(28, 55))}[
        pattern
    ]
    reach = max(reach, 12.0 * plan.volume_ml ** (1 / 3))
    box = bounding_box(space)
    allowed = space[box]
    distance = np.full(allowed.shape, 1e3, np.float32)
    for seed in seeds:
        x = offsets_mm(anatomy, box, seed)
        distance = np.minimum(distance, np.sqrt((1.2 * x[0]) ** 2 + x[1] ** 2 + x[2] ** 2))
    noise = 0.7 * draw_noise(rng, allowed.shape, anatomy.spacing, float(rng.uniform(8, 18)))
    noise += 0.3 * draw_noise(rng, allowed.shape, anatomy.spacing, 4.0)
    # Pure fluid fills before the partial-volume cortex; the posterior parts collect more (the patient lies on the back).
    pure = np.where(anatomy.tissue[box] == Tissue.CSF, 0.0, -0.22)
    score = -distance / reach + 0.45 * noise + pure
    allowed = allowed & (distance < 3.0 * reach)
    description = {"pattern": pattern, "side": "left" if side > 0 else "right", "seeds": len(seeds)}
    return LesionShape(box, np.asarray(score, np.float32), reach, allowed, seeds[0], description=description)


def density(rng: np.random.Generator, shape: LesionShape, threshold: float, pure: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of blood in each voxel, in [0, 1]: thin where the bleeding ends, less in cortex voxels.

    Blood distends the sulci that it fills, so that a reader sees it: what is labelled is mostly blood.
    """
    faint, full = float(rng.uniform(0.6, 0.85)), float(rng.uniform(0.9, 1.0))
    rise = np.clip((shape.score - threshold) / float(rng.uniform(0.15, 0.5)), 0, 1)
    share = np.where(shape.score >= threshold, faint + (full - faint) * rise, 0.0)
    # A little blood beyond the labelled part: too faint for a reader to draw.
    share = np.maximum(share, 0.25 * np.clip(1 + (shape.score - threshold) / 0.12, 0, 1))
    return np.asarray(np.where(shape.allowed, share * np.where(pure, 1.0, float(rng.uniform(0.7, 0.95))), 0.0), np.float32)


def _draw_seeds(
    rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan, pattern: str, side: int, space: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Draw where the bleeding is densest: a sulcus of the convexity, a Sylvian or interhemispheric fissure, the cisterns."""
    step = np.asarray(anatomy.spacing)
    targets: list[NDArray[np.float64]] = []
    if pattern == "diffuse":
        pons = landmark(anatomy, "pons", 1)
        cistern = pons + np.array([14.0, -20.0, 0.0]) / step  # suprasellar cistern: above and in front of the pons
        targets.append(cistern + rng.normal(0, 4, 3) / step)
        if rng.random() < 0.8:
            targets += [_sylvian(anatomy, s) for s in (-1, 1) if rng.random() < 0.75]
        if rng.random() < 0.5:
            targets.append(cistern + np.array([rng.uniform(5, 40), -30.0, 0.0]) / step)
    elif pattern == "fissure":
        if rng.random() < 0.6:
            targets.append(_sylvian(anatomy, side))
        else:
            front = (landmark(anatomy, "frontal", 1) + landmark(anatomy, "frontal", -1)) / 2
            targets.append(front + rng.normal(0, 10, 3) / step * (1, 1, 0))
    else:
        place = plan.place or str(rng.choice(("frontal", "parietal", "temporal", "occipital"), p=(0.33, 0.3, 0.25, 0.12)))
        for _ in range(int(rng.choice((1, 2, 3), p=(0.6, 0.3, 0.1)))):
            targets.append(landmark(anatomy, place, side) + rng.normal(0, 14, 3) / step + np.array([6.0, 0, side * 14.0]) / step)
    found = [nearest_voxel(space, t, anatomy.spacing) for t in targets]
    return [f for f in found if f is not None]


def _sylvian(anatomy: Anatomy, side: int) -> NDArray[np.float64]:
    """A point of the Sylvian fissure: between insula and temporal lobe."""
    return 0.5 * (landmark(anatomy, "basal_ganglia", side) + landmark(anatomy, "temporal", side)) + np.array(
        [2.0, -6.0, side * 6.0]
    ) / np.asarray(anatomy.spacing)
