"""The engine gets every voxel at its true place, through any parent transform, and its answers come back to the same voxels."""

import numpy as np
import pytest
import slicer
import vtk

from harness.scene_ct import add_acquisition_transform, add_ct, add_linear_transform, world_of
from harness.synthetic_segmentation import ORIENTATIONS, synthetic_segmentation
from hemorrhage.errors import NotAVolumeError
from HemorrhageUncertaintyLib.ct_input import VerdictLevel, assess, prepare

SHAPE = (12, 40, 44)
TILT = np.radians(18.5)
RIGID = np.array([[0.96, -0.28, 0, 5], [0.28, 0.96, 0, -7], [0, 0, 1, 30], [0, 0, 0, 1.0]])
SCALED_SHEARED = np.array([[1.1, 0.1, 0, 5], [0, 0.9, 0.2, -7], [0, 0, 1.3, 30], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def phantom():
    return synthetic_segmentation("axial LPS", SHAPE)


def tilted(phantom, steps_mm):
    """A CT node whose slices follow each other along the table, not along their normal: gantry tilt as a grid transform."""
    affine = phantom.ct.affine.copy()
    node = add_ct(phantom.ct.hu, affine)
    along = np.array([0.0, np.sin(TILT), np.cos(TILT)])
    add_acquisition_transform(node, affine[:3, 3] + np.concatenate([[0], np.cumsum(steps_mm)])[:, None] * along)
    return node


def some_voxels(shape, count=60):
    rng = np.random.default_rng(0)
    corners = [(k, r, c) for k in (0, shape[0] - 1) for r in (0, shape[1] - 1) for c in (0, shape[2] - 1)]
    return corners + [tuple(int(rng.integers(0, n)) for n in shape) for _ in range(count)]


def largest_error_mm(node, affine):
    """Distance between where Slicer puts the node's voxels and where an affine does."""
    shape = tuple(reversed(node.GetImageData().GetDimensions()))
    return max(np.linalg.norm(world_of(node, i) - (affine @ [*i, 1])[:3]) for i in some_voxels(shape))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_plain_grids_are_passed_on_as_they_are(orientation):
    phantom = synthetic_segmentation(orientation, SHAPE)
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    given = prepare(node)
    assert given.affine == pytest.approx(phantom.ct.affine, abs=1e-9)
    assert np.array_equal(given.array, np.rint(phantom.ct.hu))
    assert given.array.dtype == np.int16
    assert largest_error_mm(node, given.affine) < 1e-9
    assert given.voxelVolumesMl() == pytest.approx(phantom.ct.voxel_volume_ml)
    assert given.toNodeGrid(phantom.labels) is phantom.labels


@pytest.mark.parametrize("matrix", [RIGID, SCALED_SHEARED], ids=["rigid", "scaled and sheared"])
def test_a_linear_transform_goes_into_the_affine(phantom, matrix):
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    inner = add_linear_transform(matrix, node)
    add_linear_transform(RIGID, inner)
    given = prepare(node)
    assert given.affine == pytest.approx(RIGID @ matrix @ phantom.ct.affine, abs=1e-9)
    assert largest_error_mm(node, given.affine) < 1e-9
    assert given.voxelVolumesMl() == pytest.approx(phantom.ct.voxel_volume_ml * np.linalg.det(matrix[:3, :3]))


def test_a_tilted_gantry_with_even_slices_becomes_a_shear_and_no_voxel_is_interpolated(phantom):
    node = tilted(phantom, [13.0] * (SHAPE[0] - 1))
    given = prepare(node)
    assert np.array_equal(given.array, np.rint(phantom.ct.hu))
    assert largest_error_mm(node, given.affine) < 1e-3
    assert given.affine[:3, 0] == pytest.approx([0, 13 * np.sin(TILT), 13 * np.cos(TILT)], abs=1e-4)
    expected = 13 * np.cos(TILT) * np.prod(phantom.ct.spacing[1:]) / 1000
    assert given.voxelVolumesMl() == pytest.approx(expected, rel=1e-5)
    assert given.verdict.level is VerdictLevel.OK
    assert "tilted by 18.5 degrees" in given.verdict.line


def test_a_tilted_gantry_with_uneven_slices_is_interpolated_between_slices_only(phantom):
    """Half the slices 8 mm apart, half 14 mm: the grid has the 8 mm slices as they are, each voxel where Slicer has it."""
    steps = [8.0] * 6 + [14.0] * 5
    node = tilted(phantom, steps)
    given = prepare(node)
    heights = np.concatenate([[0], np.cumsum(steps)])
    hu = np.rint(phantom.ct.hu)
    assert given.affine[:3, 1:3] == pytest.approx(phantom.ct.affine[:3, 1:3], abs=1e-4)
    assert np.linalg.norm(given.affine[:3, 0]) == pytest.approx(8, abs=1e-3)
    array = given.array
    to_index = np.linalg.inv(given.affine)
    for number in range(7):
        place = to_index @ [*world_of(node, (number, 5, 7)), 1]
        assert place[:3] == pytest.approx([number, 5, 7], abs=1e-3)
        assert np.abs(array[number] - hu[number]).max() <= 1
    for number in range(7, array.shape[0] - 1):
        after = int(np.searchsorted(heights, 8 * number))
        weight = (8 * number - heights[after - 1]) / (heights[after] - heights[after - 1])
        assert np.abs(array[number] - ((1 - weight) * hu[after - 1] + weight * hu[after])).max() <= 1.5
    assert given.verdict.level is VerdictLevel.WARNING
    # Each voxel reaches half-way to its neighbors.
    area = np.prod(phantom.ct.spacing[1:]) * np.cos(TILT) / 1000
    halves = np.gradient(heights)
    assert given.voxelVolumesMl()[:, 3, 4] == pytest.approx(halves * area, rel=1e-4)


def test_what_the_engine_finds_comes_back_to_the_right_voxels_under_a_curved_transform(phantom):
    """A map that is the world coordinate itself must, back on the node, say where Slicer puts each voxel."""
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    warp(node)
    given = prepare(node)
    assert isinstance(given.voxelVolumesMl(), np.ndarray)
    index = np.moveaxis(np.indices(given.shape), 0, -1)
    world = index @ given.affine[:3, :3].T + given.affine[:3, 3]
    for axis in range(3):
        back = given.toNodeGrid(world[..., axis].astype(np.float32), "map")
        for i in some_voxels(SHAPE):
            assert back[i] == pytest.approx(world_of(node, i)[axis], abs=0.05)


def test_a_curved_transform_moves_the_head_with_it(phantom):
    """The interpolated CT has, at the world point of a voxel, that voxel's HU: compared with Slicer's own hardening."""
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    warp(node)
    given = prepare(node)
    smooth = np.abs(np.gradient(phantom.ct.hu, axis=(0, 1, 2))).max(axis=0) < 25
    to_index = np.linalg.inv(given.affine)
    array = given.array
    compared = 0
    for i in some_voxels(SHAPE, 600):
        k, r, c = np.rint((to_index @ [*world_of(node, i), 1])[:3]).astype(int)
        if smooth[i] and phantom.ct.hu[i] > -500:
            assert abs(float(array[k, r, c]) - phantom.ct.hu[i]) < 60
            compared += 1
    assert compared > 50


def warp(node):
    """Put a CT under a smooth grid transform: up to 6 mm, different everywhere."""
    image = vtk.vtkImageData()
    image.SetOrigin(-150, -150, -150)
    image.SetDimensions(13, 13, 13)
    image.SetSpacing(25, 25, 25)
    image.AllocateScalars(vtk.VTK_DOUBLE, 3)
    grid = slicer.vtkOrientedGridTransform()
    grid.SetDisplacementGridData(image)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode")
    transform.SetAndObserveTransformToParent(grid)
    displacements = slicer.util.arrayFromGridTransform(transform)
    z, y, x = np.indices((13, 13, 13)) / 12 * np.pi
    displacements[..., 0], displacements[..., 1] = 6 * np.sin(y) * np.cos(z), 5 * np.sin(x)
    displacements[..., 2] = 4 * np.cos(x) * np.sin(y)
    slicer.util.arrayFromGridTransformModified(transform)
    node.SetAndObserveTransformNodeID(transform.GetID())


def test_labels_come_back_as_labels(phantom):
    node = tilted(phantom, [8.0] * 6 + [14.0] * 5)
    given = prepare(node)
    labels = np.zeros(given.shape, np.uint8)
    labels[3:5] = 4
    back = given.toNodeGrid(labels, "labels")
    assert back.dtype == np.uint8
    assert back.shape == SHAPE
    assert sorted(np.unique(back)) == [0, 4]
    assert (back[3:5] == 4).all()
    assert not back[[0, 1, 2, 5, 6, 7]].any()
    with pytest.raises(NotAVolumeError, match="segment the CT again"):
        given.toNodeGrid(labels[1:], "labels")


def test_voxel_types_that_the_engine_does_not_take_are_converted_without_loss(phantom):
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    for dtype, expected in ((np.int32, np.int16), (np.float64, np.float32), (np.uint16, np.int16)):
        values = np.rint(phantom.ct.hu).clip(0 if dtype is np.uint16 else None).astype(dtype)
        slicer.util.updateVolumeFromArray(node, values)
        given = prepare(node).array
        assert given.dtype == expected
        assert np.array_equal(given, values)


def test_a_moved_or_exchanged_ct_is_noticed(phantom):
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    given = prepare(node)
    assert given.describes(node)
    transform = add_linear_transform(RIGID, node)
    assert not given.describes(node)
    transform.SetMatrixTransformToParent(vtk.vtkMatrix4x4())
    assert given.describes(node)
    slicer.util.updateVolumeFromArray(node, phantom.ct.hu[:-1])
    assert not given.describes(node)


def test_verdict_of_a_good_ct_is_one_line_with_what_was_found(phantom):
    verdict = assess(add_ct(phantom.ct.hu, phantom.ct.affine))
    assert verdict.level is VerdictLevel.OK
    assert len(verdict.sentences) == 1
    for part in ("12 slices of 40 x 44", "HU", "head is in view"):
        assert part in verdict.line


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda hu: np.clip(hu, 0, None) * 2, "not Hounsfield units"),
        (lambda hu: np.where(hu > 200, 20, hu), "not Hounsfield units"),
        (lambda hu: np.where(hu < -500, -1000, 900), "no head"),
        (lambda hu: hu[:2], "at least 3 slices"),
        (lambda hu: np.where(hu > 800, np.nan, hu), "NaN or infinite"),
    ],
    ids=["MR", "no bone", "no head", "two slices", "NaN"],
)
def test_verdict_of_what_is_no_head_ct(phantom, change, part):
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    slicer.util.updateVolumeFromArray(node, change(phantom.ct.hu).astype(np.float32))
    verdict = assess(node)
    assert verdict.level is VerdictLevel.UNUSABLE
    assert len(verdict.sentences) == 1
    assert part in verdict.line


def test_nodes_without_voxels_or_with_colors_have_a_verdict_too():
    assert "select it" in assess(None).line
    assert "no voxels" in assess(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")).line
    colored = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "RGB")
    slicer.util.updateVolumeFromArray(colored, np.zeros((*SHAPE, 3), np.uint8))
    assert "scalar volume" in assess(colored).line
    assert "scalar volume" in assess(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")).line


def test_contrast_is_read_from_the_dicom_header(phantom, monkeypatch):
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    node.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    header = {"0018,0010": "", "0008,103E": "Head without contrast", "0018,1030": ""}

    class Database:
        def instanceValue(self, instance, tag):
            assert instance == "1.2.3"
            return header[tag]

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    assert assess(node).level is VerdictLevel.OK
    header["0018,0010"] = "Ultravist 300"
    verdict = assess(node)
    assert verdict.level is VerdictLevel.WARNING
    assert "contrast agent (Ultravist 300)" in verdict.line


def test_a_deleted_ct_has_no_voxels_any_more(phantom):
    node = add_ct(phantom.ct.hu, phantom.ct.affine)
    given = prepare(node)
    slicer.mrmlScene.RemoveNode(node)
    with pytest.raises(NotAVolumeError, match="no longer in the scene"):
        _ = given.array
