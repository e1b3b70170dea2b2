"""A CT to try the module with: simulated on this computer, so that nothing is downloaded and no patient is needed."""

from pathlib import Path

import slicer
from slicer.i18n import tr as _

CATEGORY = "HemorrhageUncertainty"
SAMPLE_NAME = "SimulatedHeadCT"
EARLIER_SAMPLE_NAME = "SimulatedHeadCTEarlier"
_SEED = 0
_CLASSES = ("IPH", "IVH", "SDH")
#: Volume of each hemorrhage: large enough to be seen at a glance, and what it was on the earlier CT.
_ML, _EARLIER_ML = 15.0, 8.0


def registerSampleData():
    """Offer the simulated CTs in the Sample Data module; once more changes nothing."""
    import SampleData

    if SampleData.SampleDataLogic.sampleDataSourcesByCategory(CATEGORY):
        return
    thumbnail = str(Path(__file__).parents[1] / "Resources" / "Icons" / f"{SAMPLE_NAME}.png")
    SampleData.SampleDataLogic.registerCustomSampleDataCategory(CATEGORY, title=_("Hemorrhage Uncertainty"))
    for name, volumeMl in ((SAMPLE_NAME, _ML), (EARLIER_SAMPLE_NAME, _EARLIER_ML)):
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            uris=[],
            fileNames=[],
            customDownloader=lambda source, volumeMl=volumeMl: _loadSample(source.sampleName, volumeMl),
            thumbnailFileName=thumbnail,
        )


def loadSimulatedCT(name=SAMPLE_NAME, volumeMl=_ML, seed=_SEED, **simulation):
    """Simulate a non-contrast head CT with hemorrhages and add it to the scene; takes some seconds.

    Parameters
    ----------
    name : str
        Name of the node.
    volumeMl : float
        Volume of each hemorrhage in mL.
    seed : int
        The same seed gives the same CT.
    **simulation
        Further arguments of `hemorrhage.simulation.simulate_head_ct`, for example ``shape``.

    Returns
    -------
    vtkMRMLScalarVolumeNode
    """
    from hemorrhage.simulation import simulate_head_ct

    simulation.setdefault("classes", _CLASSES)
    ct = simulate_head_ct(seed, volume_ml=volumeMl, **simulation).ct
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name))
    slicer.util.updateVolumeFromArray(node, ct.hu.round().astype("int16"))
    # The engine counts (slice, row, column), Slicer (column, row, slice).
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ct.affine[:, [2, 1, 0, 3]]))
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(80, 40)
    return node


def _loadSample(name, volumeMl):
    with slicer.util.tryWithErrorDisplay(_("The CT cannot be simulated."), waitCursor=True):
        slicer.util.showStatusMessage(_("Simulating a head CT\u2026"), 10000)
        node = loadSimulatedCT(name, volumeMl)
        slicer.util.setSliceViewerLayers(background=node, fit=True)
