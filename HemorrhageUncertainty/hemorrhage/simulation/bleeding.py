"""Adds hemorrhages to an anatomy: shapes, mass effect, density, labels.

Layers against the dura (EDH, SDH) and hematomas of the brain (IPH) are shaped first, on the undisturbed head; their pushes add up
to one displacement that moves the brain; blood that fills spaces (IVH, SAH) is then placed in the spaces as they are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hemorrhage_class import HemorrhageClass
from . import edh, iph, ivh, sah, sdh
from .anatomy import Anatomy, Tissue
from .bleed_plan import draw_plan as draw_plan
from .blood import Blood, draw_blood
from .lesion_shape import BleedPlan as BleedPlan
from .lesion_shape import LesionShape, voxel_ml
from .mass_effect import Displacement, close_sulci
from .trauma import add_fracture, add_scalp_swelling

__all__ = ["BleedPlan", "Bleeding", "add_bleeding", "draw_plan"]

#: Blood that pushes, in the order in which it claims voxels; then blood that fills.
_PUSHING = ("EDH", "SDH", "IPH")
_FILLING = ("IVH", "SAH")


@dataclass(eq=False)
class Bleeding:
    """A head with hemorrhages, on the anatomy's grid.

    Attributes
    ----------
    anatomy : Anatomy
        The head after mass effect; its `hu` and `tissue` include blood, scalp swelling and fractures.
    labels : (D, H, W) uint8
        `HemorrhageClass` of each voxel.
    distance : (D, H, W) float32
        Approximate signed distance to the surface of the nearest lesion in mm, positive inside, clipped to [-10, 60];
        -10 far from any lesion.
    description : list of dict
        One JSON-able entry per planned hemorrhage: ``class, target_ml, achieved_ml, pattern, stage, mean_hu, signs, ...``.
    """

    anatomy: Anatomy
    labels: NDArray[np.uint8]
    distance: NDArray[np.float32]
    description: list[dict[str, Any]]

    @property
    def hu(self) -> NDArray[np.float32]:
        """Noise-free HU with blood."""
        return self.anatomy.hu

    @property
    def tissue(self) -> NDArray[np.uint8]:
        """Tissue of each voxel after mass effect (blood itself has no tissue: it keeps that of its compartment)."""
        return self.anatomy.tissue

    @property
    def volumes_ml(self) -> dict[str, float]:
        """Achieved volume in mL per class that is present."""
        count = np.bincount(self.labels.ravel(), minlength=len(HemorrhageClass))
        unit = voxel_ml(self.anatomy)
        return {c.name: float(count[c] * unit) for c in HemorrhageClass if c and count[c]}


def add_bleeding(rng: np.random.Generator, anatomy: Anatomy, plan: Sequence[BleedPlan]) -> Bleeding:
    """Add the planned hemorrhages to a head.

    Parameters
    ----------
    rng : Generator
    anatomy : Anatomy
        Not changed.
    plan : sequence of BleedPlan
        From `draw_plan`. A hemorrhage for which the head has no room is smaller than planned, or left out
        (``achieved_ml`` says so).

    Returns
    -------
    Bleeding
    """
    unit = voxel_ml(anatomy)
    shapes: list[tuple[BleedPlan, LesionShape | None]] = []
    push = Displacement(anatomy)
    for name in _PUSHING:
        for one in (p for p in plan if p.name == name):
            shape = {"EDH": edh, "SDH": sdh, "IPH": iph}[name].draw_shape(rng, anatomy, one)
            threshold = shape.threshold(one.volume_ml, unit) if shape is not None else np.inf
            shapes.append((one, shape))
            if shape is not None and np.isfinite(threshold):
                _push(rng, push, anatomy, one, shape, threshold)
    moved = push.apply()
    if moved is anatomy:
        moved = _copy(anatomy)
    painter = _Painter(rng, moved)
    source = None
    for one, shape in shapes:
        if shape is not None and one.name == "IPH":
            side = 1 if shape.description["side"] == "left" else -1
            shape.allowed = iph.compartment(moved, shape.box, shape.description["pattern"], side)
            if source is None or shape.description["pattern"] == "deep":
                source = shape.center
        painter.paint(one, shape)
    painter.close_sulci()
    for name in _FILLING:
        for one in (p for p in plan if p.name == name):
            if name == "IVH":
                ruptured = source if source is not None and rng.random() < 0.85 else None
                widened = ivh.distend(rng, moved, one.volume_ml)
                painter.paint(one, ivh.draw_shape(rng, moved, one, ruptured))
                painter.description[-1]["ventricles_widened_mm"] = round(widened, 2)
            else:
                painter.paint(one, sah.draw_shape(rng, moved, one))
    painter.trauma()
    if push.largest_mm >= 0.2:
        for entry in painter.description:
            entry["largest_displacement_mm"] = round(push.largest_mm, 2)
    return Bleeding(moved, painter.labels, painter.distance, painter.description)


def _copy(anatomy: Anatomy) -> Anatomy:
    return replace(
        anatomy,
        hu=anatomy.hu.copy(),
        tissue=anatomy.tissue.copy(),
        ventricles=anatomy.ventricles.copy(),
        brain=anatomy.brain.copy(),
    )


def _push(
    rng: np.random.Generator, push: Displacement, anatomy: Anatomy, plan: BleedPlan, shape: LesionShape, threshold: float
) -> None:
    """Add one lesion's push: inward from the skull, or outward from a center, and a shift of the midline."""
    side = 1 if shape.description.get("side") == "left" else -1
    give = float(rng.uniform(0.5, 1.0)) * (1.0 if anatomy.age < 65 else 0.75)  # atrophy makes room
    if plan.name == "IPH":
        if plan.volume_ml > 0.3:
            push.push_from_center(shape.center, plan.volume_ml, float(rng.uniform(0.35, 0.85)) * give)
    elif plan.name == "EDH" or shape.description.get("pattern") == "convexity":
        thickness = np.zeros(anatomy.shape, np.float32)
        thickness[shape.box] = np.clip(-threshold * np.asarray(shape.mm_per_unit) - 0.3, 0, None) * shape.allowed
        # The thickness field belongs to directions; below the layer it holds for the brain that lies under it.
        push.push_from_table(thickness)
    if shape.description.get("pattern") in ("pontine", "cerebellar", "falx", "tentorium") or plan.volume_ml < 10:
        return
    shift = float(np.clip(rng.normal(0.09, 0.035) * plan.volume_ml, 0, 14)) * give
    push.shift_midline(side, shift, shape.center)


class _Painter:
    """Puts one lesion after another into HU and labels; a voxel belongs to the first lesion that takes it."""

    def __init__(self, rng: np.random.Generator, anatomy: Anatomy) -> None:
        self.rng = rng
        self.anatomy = anatomy
        self.labels = np.zeros(anatomy.shape, np.uint8)
        self.distance = np.full(anatomy.shape, -10.0, np.float32)
        self.description: list[dict[str, Any]] = []
        self._unit = voxel_ml(anatomy)
        self._impacts: list[tuple[str, NDArray[np.float64]]] = []

    def paint(self, plan: BleedPlan, shape: LesionShape | None) -> None:
        entry: dict[str, Any] = {
            "class": plan.name,
            "target_ml": round(plan.volume_ml, 4),
            "achieved_ml": 0.0,
            "stage": plan.stage,
        }
        self.description.append(entry)
        if shape is None:
            return
        shape.allowed = shape.allowed & (self.labels[shape.box] == 0)
        threshold = shape.threshold(plan.volume_ml, self._unit)
        if not np.isfinite(threshold):
            return
        level = shape.level(threshold)
        inside = (level > 0) & shape.allowed
        blood = draw_blood(self.rng, plan.name, plan.stage, level, self.anatomy.spacing, plan.volume_ml)
        hu = self.anatomy.hu[shape.box]
        if plan.name == "IPH":
            pattern = str(shape.description.get("pattern", ""))
            drop, width = iph.draw_edema(self.rng, self.anatomy, shape, level, plan.stage, pattern, plan.volume_ml)
            free = shape.allowed
            hu[free] = np.maximum(hu[free] - drop[free], np.minimum(hu[free], 12.0))
            entry["edema_mm"] = round(width, 2)
        share = self._share(plan, shape, threshold, level, blood)
        hu += share * (blood.hu - hu)
        self.labels[shape.box][inside] = HemorrhageClass[plan.name]
        np.maximum(self.distance[shape.box], np.where(shape.allowed, np.clip(level, -10, 60), -10), out=self.distance[shape.box])
        entry |= shape.description
        entry |= {
            "achieved_ml": round(float(inside.sum()) * self._unit, 4),
            "mean_hu": round(float(blood.hu[inside].mean()), 1) if inside.any() else None,
            "signs": [*blood.signs, *entry.pop("shape_signs", [])],
        }
        if plan.name in ("EDH", "SDH") and inside.any():
            self._impacts.append((plan.name, shape.center))
            entry["thickness_mm"] = round(float(self.anatomy.depth[shape.box][inside].max()), 1)

    def _share(
        self, plan: BleedPlan, shape: LesionShape, threshold: float, level: NDArray[np.float32], blood: Blood
    ) -> NDArray[np.float32]:
        """Share of blood in each voxel of the box, in [0, 1]: partial volume at the soft edge, inside the compartment only."""
        if plan.name == "SAH":
            pure = self.anatomy.tissue[shape.box] == Tissue.CSF
            return sah.density(self.rng, shape, threshold, pure)
        soft = 1 / (1 + np.exp(-np.clip(level / (0.35 * blood.edge_mm), -30, 30)))
        return np.asarray(soft * shape.allowed, np.float32)

    def close_sulci(self) -> None:
        """Efface sulci near large lesions."""
        near = np.clip(1 + self.distance / 10.0, 0, 1)
        if (near > 0.02).any():
            close_sulci(self.anatomy, near * float(self.rng.uniform(0, 0.8)) * (self.labels == 0))

    def trauma(self) -> None:
        """Scalp swelling and fracture over extra-axial blood, sometimes."""
        for name, point in self._impacts:
            entry = next(e for e in self.description if e["class"] == name)
            if self.rng.random() < (0.6 if name == "EDH" else 0.25):
                entry["scalp_swelling"] = add_scalp_swelling(self.rng, self.anatomy, self.anatomy.hu, self.anatomy.tissue, point)
            if self.rng.random() < (0.6 if name == "EDH" else 0.1):
                entry["fracture"] = add_fracture(self.rng, self.anatomy, self.anatomy.hu, point)
