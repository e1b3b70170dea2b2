"""The inside of the skull: CSF spaces, cortex, white matter, deep nuclei, brainstem, cerebellum, dura, sinuses, calcification."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import Tissue
from .canvas import Array, Canvas, smooth_union
from .cortex import folded_surface, sulcus_distance
from .head_parameters import HeadParameters
from .ventricles import ventricle_distance

#: Deep grey nuclei: center and radii (x, y, z) in canonical mm, share of the grey-white contrast.
_NUCLEI = (
    ((13.5, -16, 6), (5.0, 9.0, 8.5), 1.05),  # head of the caudate
    ((26.5, -2, 2), (5.2, 16.0, 9.5), 1.1),  # putamen
    ((19.5, 2, 0), (4.0, 8.0, 6.5), 0.85),  # globus pallidus
    ((12.0, 17, 6), (8.0, 13.0, 9.0), 0.85),  # thalamus
)


def draw_brain(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Paint everything inside the inner table; store ``pial`` (distance to the pial surface) and ``ventricle``."""
    inner = canvas.fields["inner"]
    tent, infra = canvas.fields["tent"], canvas.fields["infra"]
    ax = np.abs(canvas.x)
    low = canvas.field(rng, 30.0)
    csf = np.float32(head.csf) + np.float32(0.8) * low
    canvas.paint(inner, csf, Tissue.CSF)

    ventricle = ventricle_distance(rng, canvas, head)
    gap = 0.5 + 1.5 * head.atrophy * np.clip(
        1 + 0.5 * canvas.field(rng, 50.0) + 0.35 * np.clip(-canvas.y / 60, -0.5, 1), 0.15, 2.5
    )
    cerebrum = -inner - gap.astype(np.float32)
    width = float(0.35 + 1.0 * head.atrophy + abs(rng.normal(0, 0.2)))
    half = width * np.clip(1 + 0.4 * np.clip(-canvas.y / 50, -0.8, 1.2) + 0.3 * low, 0.3, 2)
    fissure = np.where(canvas.fields["sheet"] > 0, ax - half, np.float32(30))
    callosum_gap = np.where(canvas.fields["sheet"] <= 0, np.sqrt(ax**2 + canvas.fields["sheet"] ** 2) - half, np.float32(30))
    # Sulci hang from the convexity and, shallower, from the medial surface; not from cisterns or the tentorium.
    medial = fissure + 4.0 + np.clip(14 - canvas.fields["sheet"], 0, 30)
    pial = folded_surface(rng, canvas, head, np.minimum(cerebrum, medial))
    pial = np.minimum(pial, np.minimum(cerebrum, np.minimum(fissure, callosum_gap)))
    pial = np.minimum(pial, np.maximum(tent - 1.2, -infra - 0.8))
    pial = np.minimum(pial, _cisterns(rng, canvas, head))
    sylvian = _sylvian(rng, canvas, head)
    pial = np.minimum(pial, sylvian)

    stem = _brainstem(rng, canvas)
    cerebellum = _cerebellum(rng, canvas, head)
    hind = smooth_union(stem, -cerebellum, 5.0)
    behind = infra > 0
    stem_inside = np.maximum(stem, inner + 0.5)
    pial = np.where(behind, np.maximum(-hind, -stem), np.maximum(pial, -stem))
    pial = np.minimum(pial, -inner - 0.4)
    canvas.fields["pial"] = pial

    grey = np.float32(head.white + head.grey_contrast)
    fine = canvas.field(rng, (7.0, 5.0, 5.0)) * np.float32(rng.uniform(0.4, 1.2)) + low * np.float32(rng.uniform(0.4, 1.2))
    canvas.paint(-pial, grey + fine, Tissue.GREY)
    white = np.float32(head.white) + fine * np.float32(0.8)
    near = np.exp(-np.maximum(ventricle, 0) / np.float32(rng.uniform(6, 14)))
    patches = np.clip(0.75 + 0.45 * canvas.field(rng, 13.0), 0, 1.6)
    white = np.maximum(white - np.float32(head.leukoaraiosis) * near * patches, np.float32(head.csf + 6))
    ribbon = np.float32(rng.uniform(2.4, 3.4)) * (1 + 0.15 * low)
    canvas.paint(np.where(behind, np.float32(9), ribbon - pial), white, Tissue.WHITE)
    _hindbrain(rng, canvas, head, stem_inside, cerebellum, behind, fine)
    _deep_nuclei(rng, canvas, head, fine)
    canvas.paint(np.maximum(ventricle, inner + 2), csf, Tissue.VENTRICLE)
    canvas.fields["ventricle"] = ventricle
    _dura(rng, canvas, head)
    _calcification(rng, canvas, head)


def _cisterns(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> Array:
    """Depth below the walls of the basal cisterns (negative in them): suprasellar, ambient, quadrigeminal."""
    grow = np.float32(0.6 + 1.6 * head.atrophy + rng.normal(0, 0.4))
    out = np.full(canvas.hu.shape, 30, np.float32)
    for center, radii in (
        ((0, 0, -14), (9.5, 8.5, 6.0)),  # suprasellar
        ((0, 10, -17), (6.0, 5.0, 5.0)),  # interpeduncular
        ((0, 36, -3), (8.0, 4.0, 6.0)),  # quadrigeminal
        ((0, 44, 2), (4.0, 6.0, 4.0)),
    ):
        box = canvas.box(center, np.asarray(radii) + 6)
        out[box] = np.minimum(out[box], canvas.ellipsoid(center, np.asarray(radii) + grow, box))
    for side in (-1, 1):  # towards the Sylvian fissures, and around the midbrain
        for a, b, r in (
            ((side * 8, -3, -14), (side * 32, -12, -12), 1.2),
            ((side * 15, 12, -14), (side * 17, 26, -10), 0.9),
            ((side * 17, 26, -10), (side * 9, 36, -5), 0.9),
        ):
            radius = float(np.clip(r + grow, 0.4, 5))
            box = canvas.capsule_box(a, b, radius + 6)
            out[box] = np.minimum(out[box], canvas.capsule(a, b, radius, box))
    return out


def _sylvian(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> Array:
    """Depth below the walls of the Sylvian fissures and the cisterns over the insula."""
    out = np.full(canvas.hu.shape, 30, np.float32)
    for side in (-1, 1):
        box = canvas.box((side * 50, 2, 2), (20, 36, 26))
        x, y, z = side * canvas.x[box], canvas.y[box], canvas.z[box]
        width = float(np.clip(0.3 + 1.35 * head.atrophy + rng.normal(0, 0.25), 0.2, 3.5))
        wave = 2.6 * canvas.field(rng, 20.0, box)
        modulation = np.clip(0.75 + 0.5 * canvas.field(rng, 11.0, box), 0.1, 2.0)
        roof = -6 + 0.34 * (y + 22) + wave
        sheet = np.abs(z - roof) * np.float32(0.94)
        sheet = np.maximum(sheet, np.maximum(37 - x, np.maximum(-24 - y, y - 34)))
        insula_x = 37.5 + 1.5 * np.cos(y / 12) + 0.7 * wave
        insula = np.abs(x - insula_x)
        taper = np.clip((np.float32(20) - np.hypot(y + 2, 1.2 * (z - roof - 3))) / 8, 0, 1)
        d = np.minimum(
            sheet - width * modulation * np.clip((70 - x) / 22, 0.35, 1.2),
            np.where(taper > 0, insula - width * taper * (0.4 + 0.6 * modulation), np.float32(30)),
        )
        out[box] = np.minimum(out[box], d)
    return out


def _brainstem(rng: np.random.Generator, canvas: Canvas) -> Array:
    """Signed distance to midbrain, pons and medulla (negative inside)."""
    out = np.full(canvas.hu.shape, 30, np.float32)
    box = canvas.box((0, 28, -34), (24, 26, 46))
    pons = canvas.ellipsoid((0, 24.5, -32), (16.5, 12.0, 14.5), box)
    midbrain = np.minimum(canvas.ellipsoid((7, 22, -13), (9.5, 11, 10), box), canvas.ellipsoid((-7, 22, -13), (9.5, 11, 10), box))
    medulla = canvas.capsule((0, 31, -44), (0, 37, -66), 7.2, box)
    out[box] = smooth_union(smooth_union(pons, midbrain, 4.0), medulla, 4.0) + 0.5 * canvas.field(rng, 16.0, box)
    return out


def _cerebellum(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> Array:
    """Depth below the surface of the cerebellum (> 0 inside), with its peduncles and folia-deep fissures."""
    inner, tent = canvas.fields["inner"], canvas.fields["tent"]
    gap = np.float32(0.9 + 1.2 * head.atrophy + rng.uniform(0, 1))
    beside = np.clip((np.abs(canvas.x) - 12) / 10, 0, 1)
    front = canvas.y - 34 + 16 * beside - np.float32(0.5) * np.maximum(-48 - canvas.z, 0) * (1 - beside)
    d = np.minimum(-inner - gap, np.minimum(-tent - 1.0, front))
    vallecula = (
        np.sqrt(canvas.x**2 + np.maximum(62 - canvas.z * 0 - canvas.y, 0) ** 2 * 0 + (canvas.z + 64) ** 2) - 6 - 4 * head.atrophy
    )
    d = np.minimum(d, np.maximum(vallecula, np.abs(canvas.x) - 9))
    # The great cistern below, and the notch behind, both in the midline.
    notch = np.where(
        canvas.z < -26, np.sqrt(canvas.x**2 + np.maximum(96 - canvas.y, 0) ** 2) - 3 - 2 * head.atrophy, np.float32(30)
    )
    return np.minimum(d, notch)


def _hindbrain(
    rng: np.random.Generator,
    canvas: Canvas,
    head: HeadParameters,
    stem: Array,
    cerebellum: Array,
    behind: NDArray[np.bool_],
    fine: Array,
) -> None:
    """Paint the white matter of brainstem and cerebellum, and the folia."""
    folia = sulcus_distance(rng, canvas, 3.6, 6.0, center_y=44.0)
    body = np.where(behind, np.maximum(-cerebellum, -stem), np.float32(9))
    dip = (
        np.clip(1.0 - folia / 1.4, 0, 1) * np.clip(1.2 - cerebellum / 18, 0, 1) * np.float32(rng.uniform(1, 5) + 7 * head.atrophy)
    )
    part = body < 0
    canvas.hu[part] -= dip[part]
    mix = np.float32(rng.uniform(0.2, 0.6))
    tone = np.float32(head.white + mix * head.grey_contrast) + fine
    canvas.paint(np.where(behind, 9.0 - cerebellum, np.float32(9)), tone - 1.0, Tissue.WHITE, strength=0.8)
    canvas.paint(stem, tone, Tissue.WHITE)


def _deep_nuclei(rng: np.random.Generator, canvas: Canvas, head: HeadParameters, fine: Array) -> None:
    """Paint the basal ganglia and thalami on both sides."""
    for center, radii, share in _NUCLEI:
        for side in (-1, 1):
            where = np.array(center) * (side, 1, 1) + rng.normal(0, 0.7, 3)
            where[0] += side * 0.8 * max(head.ventricle_growth, 0)
            box = canvas.box(where, max(radii) + 2)
            tone = np.float32(head.white + share * head.grey_contrast * rng.uniform(0.85, 1.1)) + fine[box]
            d = canvas.ellipsoid(where, radii, box) + 0.6 * fine[box]
            allowed = np.isin(canvas.tissue[box], (Tissue.WHITE, Tissue.GREY))
            canvas.paint(np.where(allowed, d, np.float32(9)), tone, Tissue.GREY, box)


def _dura(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Paint falx, tentorium and the venous sinuses at their edges; store ``falx_sheet`` and ``tent_sheet``."""
    inner, tent = canvas.fields["inner"], canvas.fields["tent"]
    ax = np.abs(canvas.x)
    y, z = canvas.y, canvas.z
    inside = inner + 0.3
    half = np.float32(rng.uniform(0.35, 0.75)) * (1 + 0.25 * canvas.field(rng, 20.0))
    # The free edge stays above the callosum, further away in front; behind, the falx joins the tentorium.
    edge = 6.0 + 12.0 * np.clip((10 - y) / 60, 0, 1)
    falx = np.maximum(ax - half, np.maximum(edge - canvas.fields["sheet"], -z - 14))
    falx = np.maximum(falx, inside)
    tone = np.float32(head.dura)
    canvas.paint(falx, tone, Tissue.DURA)
    tent_half = float(rng.uniform(0.25, 0.7))
    reach = np.maximum(np.maximum(2.0 - canvas.fields["incisura"], inside), 10 + np.float32(0.5) * ax - y)
    through = canvas.paint_sheet((tent + 0.2) * np.float32(0.93), tent_half, head.dura, Tissue.DURA, reach)
    canvas.fields["falx_sheet"] = falx
    canvas.fields["tent_sheet"] = np.where(through, np.float32(-1), np.float32(9))
    blood = np.float32(head.blood_pool)
    depth = -inner
    # Superior sagittal sinus: a triangle under the vault in the midline; it grows towards the back.
    size = np.clip(3.0 + 0.03 * (y + 40), 1.5, 6.0) * np.float32(rng.uniform(0.7, 1.25))
    sagittal = np.maximum((ax - (size - depth) * 0.8) * 0.8, np.maximum(depth - size, np.maximum(inside, -z - 8)))
    sagittal = np.maximum(sagittal, -tent + 1 - (y < 60) * np.float32(60))
    canvas.paint(sagittal, blood, Tissue.VESSEL)
    dominance = rng.normal(0, 0.25)
    for side in (-1, 1):  # transverse sinuses along the tentorium's edge
        radius = float(np.clip(3.6 * (1 + side * dominance), 1.2, 5.5))
        d = np.sqrt((tent + 1.5) ** 2 + np.maximum(depth - 0.6 * radius, 0) ** 2) - radius
        d = np.maximum(np.maximum(d, inside), np.maximum(46 - y, 2 - side * canvas.x))
        canvas.paint(d, blood, Tissue.VESSEL)
        a, b = (side * 58, 46, -20), (side * 48, 40, -46)  # sigmoid sinus
        box = canvas.capsule_box(a, b, 6)
        canvas.paint(np.maximum(canvas.capsule(a, b, radius * 1.1, box), inner[box]), blood, Tissue.VESSEL, box)
    a, b = (0, 47, 3), (0, 94, -8)
    box = canvas.capsule_box(a, b, 4)
    straight = np.sqrt(canvas.x[box] ** 2 + (tent[box] - 0.5) ** 2) - np.float32(rng.uniform(1.2, 2.4))
    straight = np.maximum(straight, np.maximum(46 - y[box], inner[box]))
    canvas.paint(straight, blood, Tissue.VESSEL, box)
    if rng.random() < 0.9:  # basilar artery and circle of Willis
        vessels = [((0, 10, -16), (0, 11, -40), 1.7), ((-8, -1, -16), (-13, -2, -30), 2.2), ((8, -1, -16), (13, -2, -30), 2.2)]
        vessels += [((8, -2, -15), (30, -11, -12), 1.4), ((-8, -2, -15), (-30, -11, -12), 1.4)]
        for start, end, radius in vessels:
            box = canvas.capsule_box(start, end, radius)
            d = np.maximum(canvas.capsule(start, end, radius, box), inner[box] + 0.5)
            canvas.paint(d, blood * rng.uniform(0.8, 1.0), Tissue.VESSEL, box)


def _calcification(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Paint calcified pineal gland, choroid plexus, falx, pallidum and carotid siphons, more with age."""
    chance = np.clip(0.15 + 0.7 * (head.age - 20) / 60, 0.1, 0.85)

    def speck(center: tuple[float, float, float], radii: tuple[float, float, float], hu: float) -> None:
        box = canvas.box(center, np.asarray(radii) + 2)
        d = canvas.ellipsoid(center, radii, box) + np.float32(0.7) * canvas.field(rng, 4.0, box)
        canvas.paint(np.maximum(d, canvas.fields["inner"][box] + 0.5), hu, Tissue.CALCIFICATION, box)

    if rng.random() < chance:
        r = rng.uniform(1.0, 3.2)
        speck((rng.normal(0, 1), 33 + rng.normal(0, 1.5), -2 + rng.normal(0, 1.5)), (r, r, r), rng.uniform(90, 450))
    for side in (-1, 1):
        if rng.random() < chance:
            r = rng.uniform(1.2, 3.2)
            grow = 0.75 * max(0.0, 1 + head.ventricle_growth)
            where = (side * (25 + grow + rng.normal(0, 1)), 43 + rng.normal(0, 3), 10 + rng.normal(0, 3))
            speck(where, (r * 0.8, r * 1.7, r * 1.2), rng.uniform(80, 500))
        if rng.random() < 0.75:  # plexus without lime: a little denser than brain
            where = (side * (24 + 0.5 * max(0.0, head.ventricle_growth)), 41 + rng.normal(0, 3), 11 + rng.normal(0, 2))
            r = rng.uniform(2, 4)
            box = canvas.box(where, 10)
            d = np.maximum(canvas.ellipsoid(where, (r * 0.8, r * 1.8, r * 1.3), box), canvas.fields["ventricle"][box])
            canvas.paint(d, rng.uniform(25, 52), None, box)
        if rng.random() < 0.18 * chance:
            speck((side * 19.5, 1, 0), tuple(rng.uniform(2, 5, 3)), rng.uniform(55, 160))
        if rng.random() < chance * 0.6:
            speck((side * 12, -3, -24), (2.4, 4.0, 3.0), rng.uniform(150, 700))
    for _ in range(rng.poisson(0.9 * chance)):
        where = (rng.normal(0, 0.6), rng.uniform(-58, 30), rng.uniform(30, 62))
        speck(where, (rng.uniform(0.8, 2.2), rng.uniform(1.5, 7), rng.uniform(1.5, 6)), rng.uniform(100, 800))
