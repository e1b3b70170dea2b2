"""Is the CT still where it was when the engine was given it? Scenes are closed and CTs deleted while a run is under way."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from hemorrhage.errors import HemorrhageError

from .ct_input import CTInput


class ResultDroppedError(HemorrhageError):
    """The CT went away or changed while it was segmented, so that its result has no place."""


def checkStillThere(ct: Any, input: CTInput) -> None:
    """Raise `ResultDroppedError` unless the CT is in the scene."""
    if ct is None or ct.GetID() is None or slicer.mrmlScene.GetNodeByID(ct.GetID()) is not ct:
        raise ResultDroppedError(
            _("The CT {name} is no longer in the scene, so its result was dropped: load the CT and segment it again.").format(
                name=input.name
            )
        )


def checkUnchanged(ct: Any, input: CTInput) -> None:
    """Raise `ResultDroppedError` unless the CT is in the scene, and where it was when the engine was given it."""
    checkStillThere(ct, input)
    if not input.describes(ct):
        raise ResultDroppedError(
            _("The CT {name} was moved or changed meanwhile, its result was dropped: segment it again.").format(name=input.name)
        )
