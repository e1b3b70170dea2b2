"""What tests of display and reading share: a result of the phantom in the scene, with its tables."""

import pytest
import slicer
import vtk

from harness.result_in_scene import add_result
from HemorrhageUncertaintyLib.tables import makeTables


@pytest.fixture
def result(tmp_path):
    """A result of the phantom (IPH on the patient's left, SDH and SAH on the right), with its tables."""
    found = add_result(tmp_path / "files")
    makeTables(found)
    return found


@pytest.fixture
def bend():
    """A grid transform that shears the head by up to 24 mm towards the front, as a tilted gantry's does."""
    displacements = vtk.vtkImageData()
    displacements.SetDimensions(2, 2, 2)
    displacements.SetOrigin(-120, -120, -100)
    displacements.SetSpacing(240, 240, 200)
    displacements.AllocateScalars(vtk.VTK_DOUBLE, 3)
    for index in range(8):
        displacements.GetPointData().GetScalars().SetTuple3(index, 0, 24 * (index // 4), 0)
    grid = slicer.vtkOrientedGridTransform()
    grid.SetDisplacementGridData(displacements)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "acquisition transform")
    node.SetAndObserveTransformFromParent(grid)
    return node
