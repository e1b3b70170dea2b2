"""Traces of surgery on the skull: burr holes, bone flaps with their saw lines, missing flaps, ventricular drains."""

from __future__ import annotations

from typing import Any

import numpy as np

from .anatomy import Tissue
from .canvas import Canvas
from .head_parameters import HeadParameters

#: How often a head shows each trace.
CHANCES = {"burr_hole": 0.035, "bone_flap": 0.03, "missing_flap": 0.012, "ventricular_drain": 0.03}


def add_surgery(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> dict[str, object]:
    """Paint the traces that are drawn (mostly none), and say which.

    Needs ``inner`` and ``outer`` in ``canvas.fields``; changes only what lies outside the inner table, but for the drain.
    """
    found: dict[str, Any] = {}
    side = int(rng.choice((-1, 1)))
    if rng.random() < CHANCES["ventricular_drain"]:
        found["ventricular_drain"] = _drain(rng, canvas, side)
    if rng.random() < CHANCES["burr_hole"]:
        center = (side * rng.uniform(25, 45), rng.uniform(-35, 45), rng.uniform(42, 62))
        found["burr_hole"] = _window(rng, canvas, head, center, rng.uniform(5, 8), kept=False)
    if rng.random() < CHANCES["bone_flap"]:
        center = (side * rng.uniform(50, 66), rng.uniform(-25, 30), rng.uniform(8, 32))
        found["bone_flap"] = _window(rng, canvas, head, center, rng.uniform(25, 48), kept=True)
    elif rng.random() < CHANCES["missing_flap"]:
        center = (side * rng.uniform(52, 66), rng.uniform(-20, 20), rng.uniform(12, 30))
        found["missing_flap"] = _window(rng, canvas, head, center, rng.uniform(35, 52), kept=False)
    return found


def _window(
    rng: np.random.Generator, canvas: Canvas, head: HeadParameters, center: tuple[float, float, float], radius: float, kept: bool
) -> dict[str, float]:
    """Cut a round window into the vault; a kept flap leaves only its saw line, and small metal plates across it."""
    box = canvas.box(center, radius + 8)
    off = canvas.ellipsoid(center, (radius, radius, radius), box)
    shell = np.maximum(0.3 - canvas.fields["inner"][box], canvas.fields["outer"][box] + 2.5)
    gap = np.abs(off) - rng.uniform(0.6, 1.6) if kept else off
    bone = np.isin(canvas.tissue[box], (Tissue.BONE, Tissue.DIPLOE))
    near = np.where(bone, np.maximum(gap, shell), np.float32(9))
    canvas.paint(near, rng.uniform(10, 45), Tissue.MUSCLE, box)
    if kept:
        for _ in range(int(rng.integers(2, 5))):
            spots = np.argwhere(np.where(bone, np.abs(off), 9) < 1.0)
            if not len(spots):
                break
            index = spots[rng.integers(len(spots))]
            at = [float(c[box][tuple(index)]) for c in (canvas.x, canvas.y, canvas.z)]
            plate = canvas.box(at, 6)
            d = np.maximum(
                canvas.ellipsoid(at, (4, 4, 4), plate), np.abs(canvas.fields["inner"][plate] - head.skull_thickness) - 0.7
            )
            canvas.paint(d, rng.uniform(1800, 3000), Tissue.METAL, plate)
    return {"radius_mm": round(float(radius), 1), "x": round(center[0], 1), "y": round(center[1], 1), "z": round(center[2], 1)}


def _drain(rng: np.random.Generator, canvas: Canvas, side: int) -> dict[str, float]:
    """A catheter from a frontal burr hole to the front horn."""
    tip = (side * rng.uniform(3, 9), rng.uniform(-12, 4), rng.uniform(4, 14))
    entry = (side * rng.uniform(24, 34), rng.uniform(-36, -18), rng.uniform(72, 84))
    radius = rng.uniform(1.0, 1.7)
    hole = canvas.box((entry[0], entry[1], 66), 22)
    bore = np.maximum(canvas.capsule(tip, entry, 4.0, hole), -canvas.fields["inner"][hole] + 0.3)
    bone = np.isin(canvas.tissue[hole], (Tissue.BONE, Tissue.DIPLOE))
    canvas.paint(np.where(bone, bore, np.float32(9)), 25.0, Tissue.MUSCLE, hole)
    box = canvas.capsule_box(tip, entry, radius)
    tube = canvas.capsule(tip, entry, radius, box)
    canvas.paint(tube, rng.uniform(110, 400), None, box)
    canvas.paint(tube + 0.6 * radius, rng.uniform(0, 60), None, box)
    return {"radius_mm": round(float(radius), 2), "side": float(side)}
