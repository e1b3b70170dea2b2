"""The inner table of the skull and the sheets inside it: three fossae, canal, tentorium, falx, sutures."""

from __future__ import annotations

import numpy as np

from .canvas import Array, Canvas, ellipsoid_distance, smooth_intersection, smooth_union
from .head_parameters import HeadParameters


def shape_cavity(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Store the shared signed distances of the cranial cavity in ``canvas.fields``.

    ``inner`` (inner table, negative inside), ``canal`` (spinal canal), ``tent`` (height above the tentorium, positive = above),
    ``infra`` (positive inside the posterior fossa), ``sheet`` (positive where the interhemispheric fissure is), ``suture``.
    """
    x, y, z = canvas.x, canvas.y, canvas.z
    ax = np.abs(x)
    anterior = np.clip((-y - 5) * np.float32(1 / 65), 0, 1)
    lateral = (
        x
        * (1 + np.float32(rng.uniform(0.04, 0.16)) * anterior)
        * (1 + np.float32(rng.uniform(0, 0.0012)) * np.clip(20 - z, 0, 50))
    )
    radii = (68.0 + rng.normal(0, 1.5), 87.0, 70.0)
    u, v, w = lateral, y - 16, z - 8
    box = np.float32(head.boxiness)
    s = [((c / np.float32(r)) ** 2) for c, r in zip((u, v, w), radii, strict=True)]
    total = s[0] + s[1] + s[2] + np.float32(0.05)
    squeeze = 1 - box * (s[0] * s[1] + s[0] * s[2] + s[1] * s[2]) / total**2
    factor = np.sqrt(squeeze)
    vault = ellipsoid_distance(u * factor, v * factor, w * factor, radii)
    # The floor of the anterior fossa bulges over the orbits and dips at the cribriform plate; further back it ends higher.
    bumps = 5.0 * np.exp(-(((ax - 28) / 14) ** 2) - ((y + 45) / 18) ** 2) - 5.0 * np.exp(-((x / 8) ** 2))
    floor = (
        np.float32(head.floor)
        + bumps
        + np.clip((y + 18) * np.float32(0.55), 0, 12) * np.clip((ax - 10) / 14, 0.1, 1) * np.clip((66 - ax) / 22, 0.2, 1)
    )
    inner = smooth_intersection(vault, floor - z, 7.0)
    inner = smooth_intersection(inner, np.float32(-0.95) * (y + 73) + 0 * z, 3.0)
    temporal = ellipsoid_distance(ax - 38.5, y - 4 - rng.normal(0, 1.5), z + 22, (27.5, 33.0, 25 + rng.normal(0, 1.2)))
    posterior = ellipsoid_distance(x * np.float32(1.0), y - 53, z + 25, (58.0, 49.0, 37.5 + rng.normal(0, 1.5)))
    inner = smooth_union(inner, temporal, 5.0)
    inner = smooth_union(inner, posterior, 4.0)
    # The petrous pyramids part the middle fossa from the posterior one: ridges that rise and thicken outward.
    along = np.clip((ax - 12) / 50, 0, 1)
    crest = np.float32(-27.5 + rng.normal(0, 1.2)) + 7.0 * along
    ridge_y = 15.0 + np.float32(0.50 + rng.normal(0, 0.02)) * (ax - 12)
    flank = np.abs(y - ridge_y) * np.float32(0.89) - (3.0 + 3.5 * along + np.clip((crest - z) * np.float32(0.55), 0, 9))
    petrous = smooth_intersection(np.maximum(flank, 10 - ax), z - crest, 3.0)
    inner = smooth_intersection(inner, -petrous, 3.0)
    canal_y = 38.0 + 0.12 * (z + 60)
    canal = np.sqrt((x / 1.15) ** 2 + (y - canal_y) ** 2) - 12.5
    canal = np.maximum(canal, z + 52)
    inner = smooth_union(inner, canal, 5.0)
    sella = canvas.ellipsoid((0.0, 0.0, -24.0), (13.0, 7.0, 8.0))
    inner = smooth_union(inner, sella, 4.0)
    canvas.fields["inner"] = inner + np.float32(0.5) * canvas.field(rng, 45.0) + np.float32(0.25) * canvas.field(rng, 18.0)
    canvas.fields["canal"] = canal

    rise = np.float32(rng.uniform(-3, 4))
    incisura = np.clip((ax - 13) / 8, 0, 1)
    slope = np.float32(rng.uniform(0.26, 0.36))
    sheet = 2 + rise - slope * ax - np.float32(0.16) * np.maximum(y - 45, 0) - np.float32(0.6) * np.maximum(45 - y, 0) * incisura
    tent = z - sheet
    canvas.fields["tent"] = tent
    ridge = y - (9 + np.float32(0.52) * ax)
    infra = np.minimum(-tent, np.where(z > -14, ridge + 12, ridge + 4))
    # Beside the midbrain the temporal lobes reach to the notch of the tentorium.
    midbrain = ellipsoid_distance(x, y - 22, z + 15, (16.0, 12.0, 12.0))
    notch = np.where(y < 31, np.float32(2.2) - midbrain, 15.5 + 1.6 * (y - 31) - ax)
    canvas.fields["infra"] = np.where(z > -23, np.minimum(infra, notch), infra)
    canvas.fields["incisura"] = np.maximum(np.sqrt((x / 15.5) ** 2 + ((y - 20) / 27) ** 2) - 1, 0) * 15

    callosum = np.sqrt(((y - 11) / 49) ** 2 + ((z - 3) / 25) ** 2)
    canvas.fields["callosum"] = callosum
    canvas.fields["sheet"] = np.minimum((callosum - 1) * 25, np.maximum(tent, (y < -5) * np.float32(50) - 25))
    canvas.fields["suture"] = _suture_distance(rng, canvas)


def _suture_distance(rng: np.random.Generator, canvas: Canvas) -> Array:
    """Distance to the coronal, lambdoid and sagittal sutures, as surfaces through the head."""
    x, y, z = canvas.x, canvas.y, canvas.z
    coronal_at, lambdoid_at = rng.normal(-8, 4), rng.normal(78, 5)
    coronal = np.abs((y - coronal_at) + np.float32(0.25) * (z - 60)) / np.float32(1.03)
    lambdoid = np.abs((y - lambdoid_at) + np.float32(0.55) * (z - 45) + np.float32(0.35) * np.abs(x)) / np.float32(1.19)
    sagittal = np.where((z > 20) & (y > coronal_at - 20) & (y < lambdoid_at + 12), np.abs(x), np.float32(200))
    coronal = np.where(z > -15, coronal, np.float32(200))
    lambdoid = np.where(z > -30, lambdoid, np.float32(200))
    out = np.minimum(np.minimum(coronal, lambdoid), sagittal)
    return np.asarray(out * np.float32(np.mean(canvas.scale)), np.float32)
