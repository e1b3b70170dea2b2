"""Every choice of the panel, kept in the scene so that a saved scene restores it."""

from enum import Enum
from typing import Annotated

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLScriptedModuleNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper


class TransformRanges(Enum):
    """Distribution of the random transforms. Members are stored by name in saved scenes: never rename one."""

    AUTOMATIC = None
    PAPER = "paper"
    ANISOTROPIC = "anisotropic"

    def label(self) -> str:
        """Return what the panel shows for a member."""
        return {
            TransformRanges.AUTOMATIC: _("Automatic, by slice thickness"),
            TransformRanges.PAPER: _("As published"),
            TransformRanges.ANISOTROPIC: _("Limited across thick slices"),
        }[self]


class ImageFormat(Enum):
    """Format of the images that are saved; the value is how their files end. Members are stored by name: never rename one."""

    NRRD = "nrrd"
    NIFTI = "nii.gz"

    def label(self) -> str:
        """Return what the panel shows for a member."""
        return {ImageFormat.NRRD: _("Images as NRRD"), ImageFormat.NIFTI: _("Images as NIfTI")}[self]


@parameterNodeWrapper
class HemorrhageUncertaintyParameterNode:
    """The panel's state.

    Attributes
    ----------
    ct : vtkMRMLScalarVolumeNode
        CT to segment.
    model, method : str
        Name of the model (or its folder); name of the method, empty for the model's own.
    samples, transforms, seed : int
        Number of plausible segmentations, random transforms of each, start of the random numbers.
    preset : TransformRanges
    device : str
        ``auto`` or a name that the engine listed.
    keepSamples : bool
        Whether the plausible segmentations become nodes, to browse them.
    result : vtkMRMLScriptedModuleNode
        Record of the result that is shown.
    showMap, showLegend, showSurfaces, showHead, showSample : bool
        What is shown of it; which map, and how, is kept with each result.
    imageFormat : ImageFormat
        Of what is saved beside the tables.
    first, second : vtkMRMLScriptedModuleNode
        Records of two results of one CT, to be shown side by side.
    sideBySide, showDifference : bool
        Whether they are; and whether with the difference of their maps.
    comparedMap : str
        Which map; empty for the one that is chosen for the first result.
    comparedOpacity : float
        Opacity of the maps side by side.
    earlier, later : vtkMRMLScriptedModuleNode
        Records of the results of two CTs to compare.
    expansionMl, expansionPercent : float
        Growth beyond either is hematoma expansion.
    """

    ct: vtkMRMLScalarVolumeNode
    model: str = "default"
    method: str = ""
    samples: Annotated[int, WithinRange(1, 500)] = 20
    transforms: Annotated[int, WithinRange(0, 20)] = 5
    preset: TransformRanges = TransformRanges.AUTOMATIC
    seed: Annotated[int, WithinRange(0, 2147483647)] = 0
    device: str = "auto"
    keepSamples: bool = False
    result: vtkMRMLScriptedModuleNode
    showMap: bool = True
    showLegend: bool = True
    showSurfaces: bool = True
    showHead: bool = False
    showSample: bool = False
    imageFormat: ImageFormat = ImageFormat.NRRD
    first: vtkMRMLScriptedModuleNode
    second: vtkMRMLScriptedModuleNode
    sideBySide: bool = False
    showDifference: bool = False
    comparedMap: str = ""
    comparedOpacity: Annotated[float, WithinRange(0, 1)] = 0.5
    earlier: vtkMRMLScriptedModuleNode
    later: vtkMRMLScriptedModuleNode
    expansionMl: Annotated[float, WithinRange(0, 1000)] = 6.0
    expansionPercent: Annotated[float, WithinRange(0, 1000)] = 33.0
