"""What is mistaken for hemorrhage, or hides it: dense and dark findings without blood, never labeled.

Each finding is a function ``(canvas) -> description or None``; `add_mimics` draws which ones a head has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy
from .mimic_canvas import MimicCanvas
from .mimics_dark import (
    acute_infarct,
    arachnoid_cyst,
    cavum,
    diffuse_edema,
    encephalomalacia,
    hygroma,
    lacunes,
    old_infarct,
    white_matter_disease,
)
from .mimics_dense import (
    basal_ganglia_calcification,
    choroid_plexus_calcification,
    colloid_cyst,
    dense_dura,
    dense_mass,
    dense_sinus,
    dense_vessel,
    falx_calcification,
    meningioma,
    opacified_sinus,
    parenchymal_calcification,
    pineal_calcification,
    scalp_swelling,
    shunt,
    surgical_metal,
)

Finding = Callable[[MimicCanvas], dict[str, Any] | None]


@dataclass(frozen=True)
class _Chance:
    """Probability of a finding in any head, and how much likelier it is per decade above 60 years (factor)."""

    base: float
    per_decade: float = 1.0


#: What heads have. Rates are above clinical ones: a head without hemorrhage should be hard more often than in a hospital.
FINDINGS: dict[Finding, _Chance] = {
    pineal_calcification: _Chance(0.45),
    choroid_plexus_calcification: _Chance(0.40, 1.1),
    basal_ganglia_calcification: _Chance(0.12, 1.3),
    falx_calcification: _Chance(0.15, 1.2),
    parenchymal_calcification: _Chance(0.06),
    dense_dura: _Chance(0.25),
    dense_sinus: _Chance(0.30),
    dense_vessel: _Chance(0.10),
    meningioma: _Chance(0.05, 1.2),
    dense_mass: _Chance(0.04, 1.2),
    colloid_cyst: _Chance(0.01),
    opacified_sinus: _Chance(0.20),
    scalp_swelling: _Chance(0.12),
    shunt: _Chance(0.03),
    surgical_metal: _Chance(0.03),
    white_matter_disease: _Chance(0.25, 1.4),
    lacunes: _Chance(0.12, 1.4),
    old_infarct: _Chance(0.07, 1.3),
    acute_infarct: _Chance(0.06, 1.2),
    encephalomalacia: _Chance(0.05),
    hygroma: _Chance(0.06, 1.4),
    arachnoid_cyst: _Chance(0.04),
    cavum: _Chance(0.05),
    diffuse_edema: _Chance(0.04),
}


def add_mimics(
    rng: np.random.Generator,
    anatomy: Anatomy,
    hu: NDArray[np.float32],
    labels: NDArray[np.uint8],
    strength: float = 1.0,
) -> tuple[NDArray[np.float32], list[dict[str, Any]]]:
    """Add findings that are not hemorrhage.

    Parameters
    ----------
    rng : Generator
    anatomy : Anatomy
        Where things are: after mass effect (`Bleeding.anatomy`), if there are hemorrhages. Not changed.
    hu : (D, H, W) float32
        HU with blood; not changed.
    labels : (D, H, W) uint8
        Hemorrhage labels; no finding changes HU where they are set.
    strength : float
        Multiplies every finding's probability; 0 adds nothing.

    Returns
    -------
    hu : (D, H, W) float32
    description : list of dict
        JSON-able; one entry per finding, with its ``finding`` and what was drawn.
    """
    canvas = MimicCanvas(rng, anatomy, hu.copy(), labels == 0)
    description = []
    decades = max(0.0, (anatomy.age - 60) / 10)
    for finding, chance in FINDINGS.items():
        # One uniform per finding is always drawn, so that one finding's chance does not reshuffle the others.
        wanted = rng.random() < strength * chance.base * chance.per_decade**decades
        if wanted and (entry := finding(canvas)) is not None:
            description.append({"finding": finding.__name__, **entry})
    return canvas.hu, description
