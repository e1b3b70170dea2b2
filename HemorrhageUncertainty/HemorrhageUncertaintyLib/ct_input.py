"""From a CT node to what the engine segments, through any parent transform, and back to the node's own voxels."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import HemorrhageError, NotAVolumeError

from .background import inBackground
from .ct_verdict import Verdict, VerdictLevel, judgeSteps, unusable
from .step_runner import allSteps
from .straightening import StraightGrid
from .voxel_lattice import LINEAR_TOLERANCE_MM, VoxelLattice, voxel_lattice

__all__ = ["CTInput", "Verdict", "VerdictLevel", "assess", "assessSteps", "prepare", "prepareSteps"]


@dataclass(frozen=True, eq=False)
class CTInput:
    """A CT as the engine gets it.

    Where the node's voxels lie on a straight grid in world space (no parent transform, a linear one, or the acquisition transform
    of a tilted gantry with even slices), the engine gets the node's own voxels and an affine that includes the transform; else
    the CT is first interpolated on a regular grid.

    Attributes
    ----------
    name : str
    lattice : VoxelLattice
        Where the node's own voxels are in world space.
    verdict : Verdict
    values : () -> (D, H, W) array
        Gives the node's voxels.
    """

    name: str
    lattice: VoxelLattice
    verdict: Verdict
    values: Callable[[], NDArray[Any]]

    @property
    def array(self) -> NDArray[Any]:
        """Hounsfield units (D, H, W), int16 or float32: read once, and not written to (it can be the node's own memory)."""
        return allSteps(self.arraySteps())

    def arraySteps(self) -> Generator[None, None, NDArray[Any]]:
        """Return `array`, slice by slice where it is interpolated, so that the application can draw in between."""
        own = self.values()
        values = yield from inBackground(lambda: _engine_type(own))
        if self._straight_grid is None:
            return values
        result = np.empty(self.shape, dtype=values.dtype)
        for number, plane in enumerate(self._straight_grid.straight_slices(values)):
            result[number] = plane
            yield
        return result

    @property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4) from (slice, row, column, 1) of `array` to world, R, A, S in mm."""
        return self.lattice.affine if self._straight_grid is None else self._straight_grid.affine

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns of `array`."""
        return self.lattice.shape if self._straight_grid is None else self._straight_grid.shape

    def toNodeGrid(self, array: NDArray[Any], kind: Literal["labels", "map"] = "labels") -> NDArray[Any]:
        """Carry an array of the engine's grid to the CT node's own voxels.

        Parameters
        ----------
        array : (D', H', W') array
            In the voxel order of `CTInput.array`.
        kind : "labels" or "map"
            Labels take the nearest voxel's value, maps are interpolated linearly.

        Returns
        -------
        (D, H, W) array of the same type; the same array where both grids are one.

        Raises
        ------
        NotAVolumeError
            The array is not of `CTInput.shape`.
        """
        return allSteps(self.toNodeGridSteps(array, kind))

    def toNodeGridSteps(
        self, array: NDArray[Any], kind: Literal["labels", "map"] = "labels"
    ) -> Generator[None, None, NDArray[Any]]:
        """Return `toNodeGrid`, slice by slice where something is interpolated."""
        if array.shape != self.shape:
            raise NotAVolumeError(
                _("The result has {found} voxels, but the CT has {expected}: segment the CT again.").format(
                    found=_times(array.shape), expected=_times(self.shape)
                )
            )
        if self._straight_grid is None:
            return array
        result = np.empty(self.lattice.shape, dtype=array.dtype)
        for number, plane in enumerate(self._straight_grid.own_slices(array, nearest=kind == "labels")):
            result[number] = plane
            yield
        return result

    def voxelVolumesMl(self) -> float | NDArray[np.float32]:
        """Volume of the CT node's voxels in world space, in mL: one number, or (D, H, W) where they differ."""
        return self.lattice.voxel_volumes_ml()

    def describes(self, ctNode: Any) -> bool:
        """Whether the node's grid and transforms are still those that this was prepared from."""
        if ctNode.GetImageData() is None:
            return False
        now = voxel_lattice(ctNode)
        return (
            now.shape == self.lattice.shape
            and now.points.shape == self.lattice.points.shape
            and bool(np.abs(now.points - self.lattice.points).max() <= LINEAR_TOLERANCE_MM)
        )

    @cached_property
    def _straight_grid(self) -> StraightGrid | None:
        return None if self.lattice.is_linear else StraightGrid.covering(self.lattice)


def prepare(ctNode: Any) -> CTInput:
    """Check a CT node and find out where its voxels are.

    Nothing is interpolated yet: that happens when `CTInput.array` is first read.

    Parameters
    ----------
    ctNode : vtkMRMLScalarVolumeNode

    Raises
    ------
    NotAVolumeError
        Not a scalar volume with voxels.
    GeometryError
        The transform cannot be used.
    """
    return allSteps(prepareSteps(ctNode))


def prepareSteps(ctNode: Any) -> Generator[None, None, CTInput]:
    """Do what `prepare` does, in steps between which the application can draw."""
    if ctNode is None:
        raise NotAVolumeError(_("No CT is selected: load one and select it."))
    name = ctNode.GetName() or _("The CT")
    is_plain = ctNode.IsA("vtkMRMLScalarVolumeNode") and not ctNode.IsA("vtkMRMLLabelMapVolumeNode")
    image = ctNode.GetImageData() if ctNode.IsA("vtkMRMLVolumeNode") else None
    if not is_plain or (image is not None and image.GetNumberOfScalarComponents() != 1):
        raise NotAVolumeError(_("{name} is not a CT with one value per voxel: select a scalar volume.").format(name=name))
    if image is None or image.GetPointData().GetScalars() is None or 0 in image.GetDimensions():
        raise NotAVolumeError(_("{name} has no voxels: load the CT again.").format(name=name))
    lattice = voxel_lattice(ctNode)
    # The array keeps the node's memory alive; a function is kept instead, so that a deleted CT does not stay in memory.
    identifier = ctNode.GetID()
    values = slicer.util.arrayFromVolume(ctNode)
    verdict = yield from judgeSteps(ctNode, values, lattice.affine, straight=lattice.is_linear)
    return CTInput(name, lattice, verdict, lambda: _values(identifier))


def assess(ctNode: Any) -> Verdict:
    """Return the verdict on a CT node; never raises."""
    return allSteps(assessSteps(ctNode))


def assessSteps(ctNode: Any) -> Generator[None, None, Verdict]:
    """Do what `assess` does, in steps between which the application can draw."""
    try:
        return (yield from prepareSteps(ctNode)).verdict
    except HemorrhageError as error:
        return unusable(str(error))


def _values(identifier: str) -> NDArray[Any]:
    node = slicer.mrmlScene.GetNodeByID(identifier)
    if node is None or node.GetImageData() is None:
        raise NotAVolumeError(_("The CT is no longer in the scene: load it and start again."))
    return slicer.util.arrayFromVolume(node)


def _engine_type(values: NDArray[Any]) -> NDArray[Any]:
    """Return the voxels as int16 where that loses nothing, else float32."""
    if values.dtype in (np.int16, np.float32):
        return values
    if np.issubdtype(values.dtype, np.integer):
        limits = np.iinfo(np.int16)
        if values.min() >= limits.min and values.max() <= limits.max:
            return values.astype(np.int16)
    return values.astype(np.float32)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
