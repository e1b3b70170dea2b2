"""A sequence of operators about the volume's center, composed into one matrix (uncertainty-aware nnU-Net, Eq. 1 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .operators import Operator, operator_from_json

#: Largest deviation from a signed unit that still counts as exact; moves the far corner of any CT by less than 1e-9 mm.
_EXACT = 1e-12


@dataclass(frozen=True)
class SpatialTransform:
    """One draw of the augmentation model: ``T_n ... T_2 T_1``, all about the volume's center.

    The frame is the array's own: axes slice, row and column, each measured in mm with the spacing of that axis (the length
    of the affine's column). Where the affine is sheared (tilted gantry) these axes are treated as if they were orthogonal:
    the transform is then a rotation of the stored stack of slices, not of the patient, which is what the network sees.

    Attributes
    ----------
    operators : tuple of Operator
        What was drawn, in order of application (``T_1`` first). Empty = identity.
    """

    operators: tuple[Operator, ...] = ()

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """The (3, 3) matrix that maps a displacement from the center in mm (slice, row, column) to where it is moved."""
        matrix = np.eye(3)
        for operator in self.operators:
            matrix = operator.matrix() @ matrix
        return matrix

    @cached_property
    def exact_signs(self) -> tuple[int | None, int | None, int | None]:
        """Per array axis: 1 or -1 if it only stays or is reversed (no interpolation along it), None if it mixes or scales."""
        off_diagonal = np.abs(self.matrix - np.diag(np.diag(self.matrix)))
        signs: list[int | None] = []
        for axis in range(3):
            diagonal = self.matrix[axis, axis]
            alone = max(off_diagonal[axis].max(), off_diagonal[:, axis].max(), abs(abs(diagonal) - 1)) < _EXACT
            signs.append(int(np.sign(diagonal)) if alone else None)
        return signs[0], signs[1], signs[2]

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves."""
        return self.exact_signs == (1, 1, 1)

    @property
    def is_flip_only(self) -> bool:
        """Whether the transform only reverses axes (or none), so that no interpolation is needed."""
        return None not in self.exact_signs

    def inverse(self) -> SpatialTransform:
        """Return ``T_1^-1 T_2^-1 ... T_n^-1`` (Eq. 3)."""
        return SpatialTransform(tuple(operator.inverse() for operator in reversed(self.operators)))

    def to_json(self) -> list[dict[str, Any]]:
        """Return the operators as JSON-able records; `from_json` gives back the same transform to the bit."""
        return [operator.to_json() for operator in self.operators]

    @classmethod
    def from_json(cls, records: list[Mapping[str, Any]]) -> SpatialTransform:
        """Rebuild a recorded transform; raises `ArgumentError` if the records are not a list of operators."""
        if not isinstance(records, list):
            raise ArgumentError(f"a recorded transform is a list of operators, got {type(records).__name__}")
        return cls(tuple(operator_from_json(record) for record in records))
