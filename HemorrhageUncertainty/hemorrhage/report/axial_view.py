"""Axial pictures in the radiological convention, whatever the orientation of the CT's array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..anatomical_axes import AnatomicalAxes
from ..head_ct import HeadCT


@dataclass(frozen=True)
class PictureBox:
    """Rows and columns of a picture that are shown (stop exclusive)."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def window(self) -> tuple[slice, slice]:
        """The box as an index."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class AxialView:
    """Turns slices of a CT's grid into pictures: anterior at the top, the patient's right on the left of the picture.

    A slice is a plane of the array axis closest to patient S; rows and columns of the picture are the array axes closest to A
    and R.
    """

    def __init__(self, ct: HeadCT) -> None:
        self._axes = AnatomicalAxes.of(ct.affine)
        self._affine = ct.affine
        self._shape = ct.shape
        #: Size of a picture's pixel in mm.
        self.row_mm = ct.spacing[self._axes.anterior]
        self.column_mm = ct.spacing[self._axes.right]
        #: Number of slices, and rows and columns of a picture.
        self.slices = ct.shape[self._axes.superior]
        self.rows = ct.shape[self._axes.anterior]
        self.columns = ct.shape[self._axes.right]

    @property
    def slice_mm(self) -> float:
        """Distance between slices in mm along their axis."""
        return float(np.linalg.norm(self._affine[:3, self._axes.superior]))

    def picture(self, volume: NDArray[Any], number: int) -> NDArray[Any]:
        """Return slice `number` of a (D, H, W) array as a picture (rows, columns)."""
        plane = np.take(volume, number, axis=self._axes.superior)
        if self._axes.anterior > self._axes.right:
            plane = plane.T
        return plane[:: -self._axes.signs[1], :: -self._axes.signs[0]]

    def pixel(self, ras: tuple[float, float, float]) -> tuple[int, int]:
        """Return the row and column of the picture's pixel nearest to a point in mm; clamped to the picture."""
        index = np.linalg.solve(self._affine[:3, :3], np.asarray(ras) - self._affine[:3, 3])
        row, column = float(index[self._axes.anterior]), float(index[self._axes.right])
        row = self.rows - 1 - row if self._axes.signs[1] > 0 else row
        column = self.columns - 1 - column if self._axes.signs[0] > 0 else column
        return int(np.clip(round(row), 0, self.rows - 1)), int(np.clip(round(column), 0, self.columns - 1))

    def superior_mm(self, number: int) -> float:
        """Return the S coordinate in mm of the middle of slice `number`."""
        index = (np.array(self._shape) - 1) / 2
        index[self._axes.superior] = number
        return float(self._affine[2, :3] @ index + self._affine[2, 3])

    def superior_order(self, numbers: list[int]) -> list[int]:
        """Return slice numbers from the lowest (inferior) to the highest in the patient."""
        return sorted(numbers, key=self.superior_mm)

    def areas(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the number of voxels of a (D, H, W) mask in each slice."""
        return np.count_nonzero(np.moveaxis(mask, self._axes.superior, 0), axis=(1, 2))

    def box_around(self, ras: tuple[float, float, float], side_mm: float) -> PictureBox:
        """Return a square of `side_mm` around a point, moved (and if need be cut) to lie within the picture."""
        row, column = self.pixel(ras)
        top, bottom = _span(row, side_mm / self.row_mm, self.rows)
        left, right = _span(column, side_mm / self.column_mm, self.columns)
        return PictureBox(top, bottom, left, right)


def _span(centre: int, length: float, available: int) -> tuple[int, int]:
    count = min(max(1, round(length)), available)
    start = min(max(0, centre - count // 2), available - count)
    return start, start + count
