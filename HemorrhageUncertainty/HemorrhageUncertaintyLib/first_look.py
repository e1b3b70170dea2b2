"""How a result and its CT look before anybody has changed that."""

from __future__ import annotations

from .hemorrhage_result import HemorrhageResult
from .views import showBrainWindow, showOutlines

#: Parameter of a result's record: it has been shown once, so that what a user changed since stays, also in a saved scene.
_SEEN = "display.seen"


def giveFirstLook(result: HemorrhageResult) -> None:
    """Give CT and segmentation their first appearance; does nothing the second time."""
    if result.record.GetParameter(_SEEN):
        return
    result.record.SetParameter(_SEEN, "1")
    if result.ct is not None:
        showBrainWindow(result.ct)
    if result.segmentation is not None:
        showOutlines(result.segmentation)
