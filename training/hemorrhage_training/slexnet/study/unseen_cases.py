"""Cases that nothing was trained on, with what every method is asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hemorrhage.head_ct import HeadCT
from hemorrhage.intracranial_mask import intracranial_mask

from ...datasets.raw_cases import open_raw_cases


@dataclass(frozen=True, eq=False)
class UnseenCase:
    """A CT and its truth.

    Attributes
    ----------
    name : str
    ct : HeadCT
    reference : (D, H, W) uint8
    inside : (D, H, W) bool
        Inside of the skull, where probabilities are scored; everything where none was found.
    """

    name: str
    ct: HeadCT
    reference: NDArray[np.uint8]
    inside: NDArray[np.bool_]


def read_unseen_cases(folder: Path) -> Iterator[UnseenCase]:
    """Read the cases of a data set in nnU-Net's raw format one at a time; `FileCase.load` names the errors."""
    for source in open_raw_cases(folder).cases:
        ct, reference = source.load()
        inside = intracranial_mask(ct)
        yield UnseenCase(source.name, ct, reference, np.ones(ct.shape, bool) if inside is None else inside)
