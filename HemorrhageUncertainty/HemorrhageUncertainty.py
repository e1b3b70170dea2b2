"""Registers the module with 3D Slicer; everything it does is in HemorrhageUncertaintyLib."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from HemorrhageUncertaintyLib.layout import registerLayouts
from HemorrhageUncertaintyLib.logic import HemorrhageUncertaintyLogic
from HemorrhageUncertaintyLib.sample_data import registerSampleData
from HemorrhageUncertaintyLib.self_test import HemorrhageUncertaintyTest
from HemorrhageUncertaintyLib.terminology import loadTerminology
from HemorrhageUncertaintyLib.widget import HemorrhageUncertaintyWidget

__all__ = [
    "HemorrhageUncertainty",
    "HemorrhageUncertaintyLogic",
    "HemorrhageUncertaintyTest",
    "HemorrhageUncertaintyWidget",
]


class HemorrhageUncertainty(ScriptedLoadableModule):
    """What Slicer shows about the module in its menus and its help."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Hemorrhage Uncertainty")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The HemorrhageUncertainty contributors"]
        self.parent.helpText = _(
            "Segments intracranial hemorrhage by subtype in a non-contrast head CT and shows how sure it is: "
            "volumes with intervals, uncertainty maps, and places worth a second look. "
            "<b>Research use only, not for diagnosis.</b>"
        )
        self.parent.acknowledgementText = _(
            "Uncertainty comes from random transforms of the CT at test time (uncertainty-aware nnU-Net). "
            "The networks run with nnU-Net and MONAI."
        )
        slicer.app.connect("startupCompleted()", _register)


def _register():
    """Offer what is needed before the panel is opened: sample data, codes of segments, the layouts that a saved scene uses."""
    registerSampleData()
    loadTerminology()
    layoutManager = slicer.app.layoutManager()
    if layoutManager is not None:  # there is none without a main window
        registerLayouts(layoutManager.layoutLogic().GetLayoutNode())
