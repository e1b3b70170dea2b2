"""The classes of intracranial hemorrhage, in the order of the BHSD data set."""

from __future__ import annotations

from enum import IntEnum


class HemorrhageClass(IntEnum):
    """Label value of each class in the six-class label map; the member's name is the field's abbreviation."""

    BACKGROUND = 0
    EDH = 1
    IPH = 2
    IVH = 3
    SAH = 4
    SDH = 5

    @property
    def full_name(self) -> str:
        """The class's name in words, as used in reports and tool tips."""
        return _FULL_NAMES[self]


_FULL_NAMES = {
    HemorrhageClass.BACKGROUND: "background",
    HemorrhageClass.EDH: "epidural hemorrhage",
    HemorrhageClass.IPH: "intraparenchymal hemorrhage",
    HemorrhageClass.IVH: "intraventricular hemorrhage",
    HemorrhageClass.SAH: "subarachnoid hemorrhage",
    HemorrhageClass.SDH: "subdural hemorrhage",
}

#: Display colours (sRGB 0-255) by class name: distinguishable on grey and by readers with colour-vision deficiency
#: (Okabe-Ito palette). A binary model's single class is called ``hemorrhage``.
CLASS_COLOURS: dict[str, tuple[int, int, int]] = {
    "EDH": (230, 159, 0),
    "IPH": (213, 94, 0),
    "IVH": (86, 180, 233),
    "SAH": (0, 158, 115),
    "SDH": (204, 121, 167),
    "hemorrhage": (213, 94, 0),
}

#: Names of the six classes, index = label value.
SIX_CLASSES: tuple[str, ...] = ("background", *(c.name for c in HemorrhageClass if c))
