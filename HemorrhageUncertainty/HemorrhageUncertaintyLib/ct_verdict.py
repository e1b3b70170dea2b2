"""Is this node a head CT that can be segmented? The engine's own checks, on few enough voxels to answer at once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import HemorrhageError
from hemorrhage.reading.affine_checks import SHEAR_TOLERANCE_DEG, geometry_warnings, shear_degrees
from hemorrhage.reading.ct_checks import MAX_USUAL_SLICES, check_head, check_hounsfield, check_shape, check_spacing
from hemorrhage.reading.dicom_series import speaks_of_contrast
from hemorrhage.reading.padding import AIR_HU

from .background import inBackground

#: The search for the head looks at voxels about this far apart, in mm; it averages over more anyway.
_COARSE_MM = 2.0
_CONTRAST_AGENT, _SERIES_DESCRIPTION, _PROTOCOL_NAME = "0018,0010", "0008,103E", "0018,1030"


class VerdictLevel(Enum):
    """Whether a CT can be segmented."""

    OK = "ok"
    WARNING = "warning"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class Verdict:
    """What the check of a CT found.

    Attributes
    ----------
    level : VerdictLevel
    sentences : tuple of str
        What was found, in one line; then one sentence for each warning. For an unusable CT only what is wrong and what to do.
    """

    level: VerdictLevel
    sentences: tuple[str, ...]

    @property
    def line(self) -> str:
        """Everything in one line, for beside the selector."""
        return " ".join(self.sentences)


def judgeSteps(node: Any, values: NDArray[Any], affine: NDArray[np.float64], *, straight: bool) -> Generator[None, None, Verdict]:
    """Judge the voxels of a CT node, and return the `Verdict`; the search for the head goes on in the background.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
        Asked for its name and its DICOM header.
    values : (D, H, W) array
    affine : (4, 4) float64
        (slice, row, column, 1) to world in mm; the best fit where the transform is not linear.
    straight : bool
        Whether `affine` is exact.
    """
    name = node.GetName() or _("The CT")
    spacing = tuple(float(s) for s in np.linalg.norm(affine[:3, :3], axis=0))
    try:
        check_shape(values.shape, name)
        check_spacing(spacing, values.shape, name)
        low, high, warnings = yield from inBackground(lambda: _look(values, spacing, name))
    except HemorrhageError as error:
        return Verdict(VerdictLevel.UNUSABLE, (_as_sentence(str(error)),))
    if values.shape[0] > MAX_USUAL_SLICES:
        warnings += (
            _("The CT has {count} slices: more than {most} were never tried.").format(
                count=values.shape[0], most=MAX_USUAL_SLICES
            ),
        )
    tilt = shear_degrees(affine)
    if not straight:
        warnings += (_("The CT's transform is not linear: the CT is interpolated on a regular grid before it is segmented."),)
    elif tilt <= SHEAR_TOLERANCE_DEG:
        warnings += geometry_warnings(affine)
    warnings += _contrast_warnings(node)
    summary = _("{slices} slices of {rows} x {columns}, {spacing} mm, {low:g} to {high:g} HU, {head}{tilt}.").format(
        slices=values.shape[0],
        rows=values.shape[1],
        columns=values.shape[2],
        spacing=" x ".join(f"{s:.3g}" for s in spacing),
        low=low,
        high=high,
        head=_("a head is in view") if not any("doubtful" in w for w in warnings) else _("perhaps a head in view"),
        tilt=_(", gantry tilted by {angle:.1f} degrees (accounted for)").format(angle=tilt) if tilt > SHEAR_TOLERANCE_DEG else "",
    )
    return Verdict(VerdictLevel.WARNING if warnings else VerdictLevel.OK, (summary, *warnings))


def _look(values: NDArray[Any], spacing: tuple[float, ...], name: str) -> tuple[float, float, tuple[str, ...]]:
    """Return lowest and highest HU, and the engine's warnings; raises what the engine raises."""
    low, high = float(values.min()), float(values.max())
    if np.isfinite([low, high]).all():
        # Two voxels have the range of all, padding below air left out: so the check costs nothing on a large CT.
        warnings = check_hounsfield(np.array([max(low, AIR_HU), high], dtype=np.float32), name)
    else:
        warnings = check_hounsfield(values, name)
    steps = [max(1, int(_COARSE_MM / s)) for s in spacing]
    coarse = values[tuple(slice(None, None, step) for step in steps)].astype(np.float32)
    coarse_spacing = tuple(s * step for s, step in zip(spacing, steps, strict=True))
    return low, high, warnings + check_head(coarse, coarse_spacing, name)


def unusable(sentence: str) -> Verdict:
    """Return a verdict that says why there is nothing to check."""
    return Verdict(VerdictLevel.UNUSABLE, (_as_sentence(sentence),))


def _contrast_warnings(node: Any) -> tuple[str, ...]:
    """Whether the DICOM header of the node's first slice speaks of a contrast agent; nothing where there is no header."""
    instances = (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not instances or database is None:
        return ()
    agent, series, protocol = (
        database.instanceValue(instances[0], tag) for tag in (_CONTRAST_AGENT, _SERIES_DESCRIPTION, _PROTOCOL_NAME)
    )
    if not speaks_of_contrast(agent, f"{series} {protocol}"):
        return ()
    return (
        _("The CT was made with a contrast agent ({agent}): enhanced vessels and lesions look like blood.").format(
            agent=agent or series or protocol
        ),
    )


def _as_sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
