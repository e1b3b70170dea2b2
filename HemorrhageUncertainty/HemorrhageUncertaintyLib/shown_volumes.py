"""Which volumes the slice views showed before something else was shown for a while."""

from __future__ import annotations

import slicer


class ShownVolumes:
    """Remembers background, foreground and its opacity of every slice view, as they are now; holds no node."""

    def __init__(self) -> None:
        views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        self._shown = {
            view.GetID(): (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID(), view.GetForegroundOpacity())
            for view in views
        }

    def putBack(self) -> None:
        """Show them again, as far as views and volumes are still there."""
        for identifier, (background, foreground, opacity) in self._shown.items():
            view = slicer.mrmlScene.GetNodeByID(identifier)
            if view is None:
                continue
            wasModifying = view.StartModify()
            view.SetBackgroundVolumeID(_present(background))
            view.SetForegroundVolumeID(_present(foreground))
            view.SetForegroundOpacity(opacity)
            view.EndModify(wasModifying)


def _present(identifier: str | None) -> str | None:
    return identifier if identifier and slicer.mrmlScene.GetNodeByID(identifier) is not None else None
