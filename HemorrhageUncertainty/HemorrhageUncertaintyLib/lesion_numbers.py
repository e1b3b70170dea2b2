"""Which lesion each voxel of the segmentation belonged to when it was made, and belongs to after edits."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from slicer.i18n import tr as _

from .background import inBackground
from .label_segments import placeLikeCT
from .map_volume import imageSteps
from .segment_voxels import SegmentVoxels, segmentOf, segmentVoxels, toWorld

ROLE = "lesionNumbers"
#: Voxels that share a face, an edge or a corner belong together, as where the engine lists the lesions.
_NEIGHBOURHOOD = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True)
class LesionCount:
    """What a segmentation holds now.

    Attributes
    ----------
    subtypesMl : dict of str to float
        Volume of each subtype's segment in world space, in mL.
    subtypesLocalMl : dict of str to float
        The same in the segmentation's own space: a change means an edit, not another transform.
    lesionsMl : dict of int to float
        Volume of each listed lesion in world space, in mL.
    lesionsLocalMl : dict of int to float
        The same in the segmentation's own space.
    newMl : dict of str to float
        Volume of each subtype that belongs to no listed lesion.
    """

    subtypesMl: dict[str, float]
    subtypesLocalMl: dict[str, float]
    lesionsMl: dict[int, float]
    lesionsLocalMl: dict[int, float]
    newMl: dict[str, float]


def lesionNumberSteps(result) -> Generator[None, None, dict[int, NDArray[np.float64]]]:
    """Keep the number of the lesion of every voxel, as a hidden volume on the CT's grid, before anybody edits.

    Each connected component of a segment is the listed lesion of that subtype whose centroid is nearest. Usually they are the
    same voxels; under a transform that is not linear the listed lesions were measured on another grid.

    Parameters
    ----------
    result : HemorrhageResult

    Returns
    -------
    dict of int to (3,) float64
        For each lesion its voxel nearest the centroid, R, A, S in mm in world space: a crescent's centroid is outside of it.
    """
    # The first time it takes most of a second; in a thread, the application goes on meanwhile.
    yield from inBackground(lambda: import_module("scipy.ndimage"))
    ct, segmentation = result.ct, result.segmentation
    most = max((lesion["number"] for lesion in result.summary["lesions"]), default=0)
    numbers = np.zeros(slicer.util.arrayFromVolume(ct).shape, dtype=np.min_scalar_type(most))
    places: dict[int, NDArray[np.float64]] = {}
    for subtype, lesions in _bySubtype(result.summary["lesions"]).items():
        segmentID = segmentOf(segmentation, subtype)
        voxels = segmentVoxels(segmentation, segmentID) if segmentID else None
        if voxels is None:
            continue
        world = toWorld(segmentation, voxels.local)
        centres = np.array([lesion["centre_ras"] for lesion in lesions], dtype=np.float64)
        listed = np.array([lesion["number"] for lesion in lesions])
        component = _components(voxels.mask) - 1
        apart = _centroids(world, component)[:, None] - centres
        nearest = np.linalg.norm(apart, axis=2).argmin(axis=1)[component]
        numbers[tuple(_indices(ct, voxels.local).T)] = listed[nearest]
        distance = np.linalg.norm(world - centres[nearest], axis=1)
        order = np.lexsort((distance, nearest))
        found, start = np.unique(nearest[order], return_index=True)
        for lesion, voxel in zip(found, order[start], strict=True):
            places[int(listed[lesion])] = world[voxel]
        yield
    image = yield from imageSteps(numbers)
    _store(result, image)
    return places


def countLesions(result) -> LesionCount:
    """Count the segmentation as it is now, under its present parent transform.

    A voxel belongs to the lesion that it belonged to at first, if it is still of that subtype. Voxels that were added belong to
    the lesion with most voxels in their connected component, or to none: then they are new hemorrhage.
    """
    segmentation, lesions = result.segmentation, result.summary["lesions"]
    node = result.node(ROLE)
    first = slicer.util.arrayFromVolume(node)
    most = max((lesion["number"] for lesion in lesions), default=0)
    count = LesionCount({}, {}, {n["number"]: 0.0 for n in lesions}, {n["number"]: 0.0 for n in lesions}, {})
    for subtype in result.summary["classes"][1:]:
        segmentID = segmentOf(segmentation, subtype)
        voxels = segmentVoxels(segmentation, segmentID) if segmentID else None
        count.subtypesMl[subtype] = voxels.volumeMl if voxels else 0.0
        count.subtypesLocalMl[subtype] = len(voxels.local) * voxels.localVoxelMl if voxels else 0.0
        count.newMl[subtype] = 0.0
        if voxels is None:
            continue
        ownNumbers = [lesion["number"] for lesion in lesions if lesion["name"] == subtype]
        owner = _owners(voxels, first, node, ownNumbers, most)
        world = np.bincount(owner, weights=voxels.volumesMl, minlength=most + 1)
        local = np.bincount(owner, minlength=most + 1) * voxels.localVoxelMl
        count.newMl[subtype] = float(world[0])
        for number in ownNumbers:
            count.lesionsMl[number] = float(world[number])
            count.lesionsLocalMl[number] = float(local[number])
    return count


def _owners(voxels: SegmentVoxels, first: NDArray[np.integer], node, ownNumbers: Sequence[int], most: int) -> NDArray[np.int64]:
    """Return the lesion's number of each voxel, 0 for none."""
    indices = _indices(node, voxels.local)
    inside = ((indices >= 0) & (indices < first.shape)).all(axis=1)
    owner = np.zeros(len(indices), dtype=np.int64)
    owner[inside] = first[tuple(indices[inside].T)]
    owner[~np.isin(owner, ownNumbers)] = 0
    if owner.all() or not owner.any():
        return owner
    component = _components(voxels.mask)
    for label in np.unique(component[owner == 0]):
        here = component == label
        votes = np.bincount(owner[here], minlength=most + 1)
        votes[0] = 0
        if votes.any():
            owner[here & (owner == 0)] = int(votes.argmax())
    return owner


def _components(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the connected component, from 1, of each voxel of the mask."""
    from scipy import ndimage

    return ndimage.label(mask, structure=_NEIGHBOURHOOD)[0][mask]


def _centroids(points: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean (G, 3) of the points (N, 3) of each group 0 ... G - 1."""
    sums = [np.bincount(group, weights=points[:, axis]) for axis in range(3)]
    return np.stack(sums, axis=1) / np.bincount(group)[:, None]


def _indices(volume, local: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest (slice, row, column) of a volume node for points (N, 3) of its own space."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetRASToIJKMatrix(matrix)
    toIndex = slicer.util.arrayFromVTKMatrix(matrix)[[2, 1, 0, 3]]
    return np.rint(local @ toIndex[:3, :3].T + toIndex[:3, 3]).astype(np.int64)


def _bySubtype(lesions: Sequence[Mapping]) -> dict[str, list[Mapping]]:
    groups: dict[str, list[Mapping]] = {}
    for lesion in lesions:
        groups.setdefault(lesion["name"], []).append(lesion)
    return groups


def _store(result, image: vtk.vtkImageData) -> None:
    node = result.node(ROLE)
    if node is None:
        name = _("{ct} lesion numbers").format(ct=result.ct.GetName())
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        node.SetHideFromEditors(True)
        result.setNode(ROLE, node)
    placeLikeCT(node, result.ct)
    node.SetAndObserveImageData(image)
