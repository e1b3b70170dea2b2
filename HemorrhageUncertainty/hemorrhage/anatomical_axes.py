"""Which array axis runs along which patient axis, and in which sense."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True)
class AnatomicalAxes:
    """The array axes closest to the patient's R, A and S axes.

    A CT may be stored axial, sagittal or coronal, mirrored or oblique; reading a "slice" off axis 0 would be wrong then.
    Each array axis is given to exactly one patient axis, so that the sum of the absolute direction cosines is largest.

    Attributes
    ----------
    right, anterior, superior : int
        Array axis that runs most nearly along patient R, A, S.
    signs : (3,) tuple of int
        For R, A, S: +1 where the index along that axis grows towards R, A, S, else -1.
    """

    right: int
    anterior: int
    superior: int
    signs: tuple[int, int, int]

    @classmethod
    def of(cls, affine: NDArray[np.float64]) -> AnatomicalAxes:
        """Return the axes of an index-to-RAS matrix (4, 4); ties go to the stored order slice, row, column = S, A, R."""
        directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
        cosines = np.abs(directions)

        def alignment(order: tuple[int, ...]) -> float:
            return round(float(sum(cosines[patient, axis] for patient, axis in enumerate(order))), 9)

        right, anterior, superior = max(sorted(permutations(range(3)), reverse=True), key=alignment)
        signs = [1 if directions[patient, axis] >= 0 else -1 for patient, axis in enumerate((right, anterior, superior))]
        return cls(right, anterior, superior, (signs[0], signs[1], signs[2]))

    @property
    def order(self) -> tuple[int, int, int]:
        """Array axes in the order of an axial stack: slice, row, column."""
        return self.superior, self.anterior, self.right

    @property
    def against_spl(self) -> tuple[bool, bool, bool]:
        """For the axes of `order`: whether the index grows against superior, posterior, left."""
        right, anterior, superior = self.signs
        return superior < 0, anterior > 0, right > 0

    @property
    def codes(self) -> tuple[str, str, str]:
        """Letter of the patient direction in which the index of array axis 0, 1, 2 grows, e.g. ``("S", "P", "L")``."""
        letters = ["", "", ""]
        for patient, axis in enumerate((self.right, self.anterior, self.superior)):
            letters[axis] = _LETTERS[patient][self.signs[patient] > 0]
        return letters[0], letters[1], letters[2]
