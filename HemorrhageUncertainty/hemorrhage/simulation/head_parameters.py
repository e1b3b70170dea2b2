"""What differs between heads: one draw holds every global choice, and can be written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class HeadParameters:
    """Global choices of one head; lengths in mm, HU in Hounsfield units.

    Attributes
    ----------
    age : float
        Years.
    scale : tuple of float
        Size against the canonical head along superior, posterior and left.
    warp_mm, asymmetry : float
        Standard deviation of the non-linear warp, bend of the midsagittal plane.
    atrophy : float
        0 (tight young brain) to about 1.6 (severe atrophy): widens sulci, fissures, cisterns and the subdural gap.
    ventricle_growth : float
        mm added to the half-width of the ventricles (negative: slit ventricles).
    sulcus_spacing, sulcus_depth, sulcus_width : float
        Distance between sulci, depth, half-width of the CSF in them.
    boxiness : float
        How much the vault departs from an ellipsoid.
    skull_thickness, scalp_thickness : float
        Mean thickness of the vault and of the scalp.
    white, grey_contrast, csf, dura, blood_pool, bone, diploe, fat, muscle : float
        HU of the tissues (grey = white + grey_contrast; blood_pool: venous sinuses).
    leukoaraiosis : float
        HU taken from the white matter around the ventricles.
    pneumatization : float
        0 to 1: size of sinuses and mastoid air cells.
    floor : float
        z of the anterior fossa's floor in canonical mm.
    """

    age: float
    scale: tuple[float, float, float]
    warp_mm: float
    asymmetry: float
    atrophy: float
    ventricle_growth: float
    sulcus_spacing: float
    sulcus_depth: float
    sulcus_width: float
    boxiness: float
    skull_thickness: float
    scalp_thickness: float
    white: float
    grey_contrast: float
    csf: float
    dura: float
    blood_pool: float
    bone: float
    diploe: float
    fat: float
    muscle: float
    leukoaraiosis: float
    pneumatization: float
    floor: float

    def description(self) -> dict[str, object]:
        """Return the draw as plain numbers, for provenance."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def draw_head_parameters(rng: np.random.Generator) -> HeadParameters:
    """Draw one adult head; atrophy, ventricles and white-matter change follow the age with much scatter."""
    age = float(rng.uniform(18, 95))
    old = np.clip((age - 45) / 40, 0, 1.2)
    atrophy = float(np.clip(0.12 + 0.8 * old + rng.normal(0, 0.2), 0, 1.6))
    size = rng.normal(1.0, 0.035)
    stretch = rng.normal(0, 0.028, 3)
    scale = np.clip(size * (1 + stretch), 0.9, 1.11)
    return HeadParameters(
        age=age,
        scale=(float(scale[0]), float(scale[1]), float(scale[2])),
        warp_mm=float(rng.uniform(0.9, 2.4)),
        asymmetry=float(rng.normal(0, 1.0)),
        atrophy=atrophy,
        ventricle_growth=float(np.clip(-1.6 + 3.4 * atrophy + rng.normal(0, 0.9), -2.4, 6.0)),
        sulcus_spacing=float(rng.uniform(9.0, 13.0)),
        sulcus_depth=float(rng.uniform(9, 15)),
        sulcus_width=float(np.clip(0.35 + 0.65 * atrophy + rng.normal(0, 0.15), 0.1, 1.6)),
        boxiness=float(rng.uniform(0.0, 0.4)),
        skull_thickness=float(np.clip(rng.normal(6.3, 1.2), 4.0, 10.0)),
        scalp_thickness=float(np.clip(rng.gamma(6, 1.0), 2.8, 13.0)),
        white=float(rng.uniform(22, 32)),
        grey_contrast=float(rng.uniform(4, 12)),
        csf=float(rng.uniform(0, 12)),
        dura=float(rng.uniform(40, 62)),
        blood_pool=float(rng.uniform(42, 68)),
        bone=float(rng.uniform(1000, 1750)),
        diploe=float(rng.uniform(250, 800)),
        fat=float(rng.uniform(-115, -75)),
        muscle=float(rng.uniform(45, 68)),
        leukoaraiosis=float(max(0.0, rng.normal(1.0 + 5.0 * old, 3.0))),
        pneumatization=float(rng.uniform(0, 1)),
        floor=float(rng.uniform(-26, -17)),
    )
