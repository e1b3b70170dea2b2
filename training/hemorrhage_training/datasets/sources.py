"""The kinds of data sets that can be imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hemorrhage.errors import ArgumentError

from .bhsd import find_bhsd
from .ctich import find_ctich
from .defects import DataSetError
from .image_folder import find_image_folder
from .instance22 import find_instance22
from .mbhseg import find_mbhseg
from .nnunet_raw import find_nnunet_raw
from .source_case import SourceDataSet

_FINDERS: dict[str, Callable[[Path], SourceDataSet]] = {
    "bhsd": find_bhsd,
    "mbhseg": find_mbhseg,
    "instance22": find_instance22,
    "ctich": find_ctich,
    "nnunet": find_nnunet_raw,
    "folder": find_image_folder,
}

#: Their names.
KINDS = tuple(_FINDERS)


def find_cases(kind: str, folder: Path, *, voxel_subtypes: bool = False) -> SourceDataSet:
    """Look for the cases of a data set; only names and tables are read.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    folder : Path
    voxel_subtypes : bool
        See `find_ctich`; no other kind knows it.

    Raises
    ------
    ArgumentError
        An unknown kind, or `voxel_subtypes` for a kind that has no slice labels.
    DataSetError
        The folder does not look like this data set, or there is nothing in it.
    """
    if kind not in _FINDERS:
        raise ArgumentError(f"{kind!r} is no kind of data set: choose one of {', '.join(KINDS)}")
    if voxel_subtypes and kind != "ctich":
        raise ArgumentError(f"{kind} has no slice labels to take subtypes from: leave --voxel-subtypes out")
    found = find_ctich(folder, voxel_subtypes=True) if voxel_subtypes else _FINDERS[kind](folder)
    if not found.cases:
        first = next(iter(found.incomplete.items()), None)
        why = f" ({first[0]}: {first[1]})" if first else ""
        raise DataSetError(f"{folder} holds no CT with its mask{why}: check that everything was unpacked")
    return found
