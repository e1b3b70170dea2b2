"""Which slices a reader should see first."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..segmentation import Lesion, Segmentation
from .axial_view import AxialView, PictureBox

#: A lesion's slice closer than this to a chosen one would show the same; the slice of an uncertain place should be new.
_LESIONS_APART_MM = 4.0
_PLACES_APART_MM = 10.0
_TISSUE_HU = -200.0
_MARGIN_MM = 6.0


def choose_slices(segmentation: Segmentation, view: AxialView, count: int) -> list[int]:
    """Return up to `count` slice numbers, inferior first.

    Slices through the largest lesions come first, then the most uncertain places, then slices that fill the largest gaps
    in the head.
    """
    chosen: list[int] = []

    def offer(number: int, apart_mm: float) -> None:
        near = any(abs(number - other) * view.slice_mm < apart_mm for other in chosen)
        if len(chosen) < count and number not in chosen and not near:
            chosen.append(number)

    for lesion in segmentation.lesions:
        offer(slice_through(segmentation, view, lesion), _LESIONS_APART_MM)
    for place in segmentation.places:
        offer(place.nearest_slice, _PLACES_APART_MM)
    tissue = view.areas(segmentation.ct.hu > _TISSUE_HU)
    head = np.flatnonzero(tissue > 0.3 * tissue.max(initial=0))
    if head.size == 0:
        head = np.arange(view.slices)
    while len(chosen) < min(count, head.size):
        edges = [*chosen, int(head[0]), int(head[-1])]
        gaps = np.abs(head[:, None] - np.array(edges)).min(axis=1)
        number = int(head[int(gaps.argmax())])
        if gaps.max() == 0 or number in chosen:
            break
        chosen.append(number)
    if not chosen:
        chosen.append(view.slices // 2)
    return view.superior_order(chosen)


def slice_through(segmentation: Segmentation, view: AxialView, lesion: Lesion) -> int:
    """Return the slice nearest to a lesion's centroid on which its class is present: a crescent's centroid lies outside it."""
    label = segmentation.classes.index(lesion.name)
    present = np.flatnonzero(view.areas(segmentation.labels == label))
    if present.size == 0:
        return lesion.nearest_slice
    return int(present[np.abs(present - lesion.nearest_slice).argmin()])


def head_box(segmentation: Segmentation, view: AxialView, numbers: list[int]) -> PictureBox:
    """Return the smallest box that holds the head on these slices, with a margin; a thin head holder is left out."""
    tissue = np.zeros((view.rows, view.columns), dtype=bool)
    for number in numbers:
        tissue |= view.picture(segmentation.ct.hu, number) > _TISSUE_HU
    rounds = max(1, round(3.0 / max(view.row_mm, view.column_mm)))
    parts, found = ndimage.label(ndimage.binary_opening(tissue, iterations=rounds))
    if found:
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        tissue = parts == int(sizes.argmax())
    if not tissue.any():
        return PictureBox(0, view.rows, 0, view.columns)
    rows, columns = np.flatnonzero(tissue.any(axis=1)), np.flatnonzero(tissue.any(axis=0))
    row_margin, column_margin = round(_MARGIN_MM / view.row_mm), round(_MARGIN_MM / view.column_mm)
    return PictureBox(
        max(0, int(rows[0]) - row_margin),
        min(view.rows, int(rows[-1]) + 1 + row_margin),
        max(0, int(columns[0]) - column_margin),
        min(view.columns, int(columns[-1]) + 1 + column_margin),
    )
