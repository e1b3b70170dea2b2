"""What a run leaves for the client: plain arrays that can be mapped, and the files that people read."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ResourceError
from ..preview import Preview
from ..segmentation import Segmentation
from ..writing.result_folder import result_folder

#: Result: ``result.json``, ``report.html``, ``overview.png``, and one ``.npy`` file for each of these maps.
RESULT_ARRAYS = ("labels", "probabilities", "variance", "entropy", "mutual_information")
#: Also these, where the method tells apart what contributes to the variance.
PART_ARRAYS = ("variance_expansion", "variance_transforms")
#: Preview: ``preview.json`` and these.
PREVIEW_ARRAYS = ("labels", "entropy", "variance")
_OTHER_BYTES = 5_000_000


def write_result(segmentation: Segmentation, folder: Path, check: Callable[[], None]) -> None:
    """Write a result's folder, which appears complete or not at all.

    It holds the maps of `RESULT_ARRAYS` in the CT's voxel order (C order), those of `PART_ARRAYS` if the method tells them
    apart, ``samples.npy`` if the samples were kept, ``result.json``, ``overview.png`` and ``report.html``.

    Parameters
    ----------
    segmentation : Segmentation
    folder : Path
        Must not hold anything yet.
    check : callable
        Called between files; what it raises ends the writing, and nothing is left.

    Raises
    ------
    ResourceError
        The disk is full, or the parent folder is gone.
    OutputExistsError
        The folder holds something.
    """
    from ..report import write_overview, write_report
    from ..writing.result_schema import record_of

    arrays = {name: getattr(segmentation, name) for name in RESULT_ARRAYS}
    if segmentation.parts is not None:
        arrays |= {name: getattr(segmentation.parts, name) for name in PART_ARRAYS}
    if segmentation.samples is not None:
        arrays["samples"] = segmentation.samples
    require_parent(folder)
    with result_folder(folder, overwrite=False, needed_bytes=_bytes_of(arrays)) as partial:
        for name, values in arrays.items():
            check()
            _save(values, partial / f"{name}.npy")
        check()
        picture = write_overview(segmentation, partial / "overview.png")
        check()
        write_report(segmentation, partial / "report.html", overview_png=picture.read_bytes())
        record = record_of(segmentation).model_dump_json(indent=2)
        (partial / "result.json").write_text(record + "\n", encoding="utf-8")
        check()


def write_preview(preview: Preview, folder: Path) -> None:
    """Write a preview's folder (`PREVIEW_ARRAYS` and ``preview.json``), which appears complete or not at all.

    Raises
    ------
    ResourceError, OutputExistsError
        As `write_result`.
    """
    arrays = {name: getattr(preview, name) for name in PREVIEW_ARRAYS}
    volumes = [{"name": name, "volume_ml": volume} for name, volume in preview.volumes_ml.items()]
    require_parent(folder)
    with result_folder(folder, overwrite=False, needed_bytes=_bytes_of(arrays)) as partial:
        for name, values in arrays.items():
            _save(values, partial / f"{name}.npy")
        (partial / "preview.json").write_text(json.dumps({"samples": preview.samples, "volumes": volumes}), encoding="utf-8")


def preview_folder(folder: Path, samples: int) -> Path:
    """Return where the preview after so many samples lies: beside the result."""
    return folder.with_name(f"{folder.name}.preview-{samples}")


def require_parent(folder: Path) -> None:
    """Raise `ResourceError` unless the folder's parent exists: a client that removed it does not want it back."""
    if not folder.parent.is_dir():
        raise ResourceError(f"the folder {folder.parent} for the result does not exist (any more): segment again")


def remove_partial_folders(folder: Path) -> None:
    """Remove what this process has begun to write for `folder` and its previews; for a process that must end at once."""
    mine = f".partial-{socket.gethostname()}-{os.getpid()}-"
    try:
        entries = list(folder.parent.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(f".{folder.name}.") and mine in entry.name:
            shutil.rmtree(entry, ignore_errors=True)


def _save(values: NDArray[Any], path: Path) -> None:
    np.save(path, np.ascontiguousarray(values), allow_pickle=False)


def _bytes_of(arrays: dict[str, NDArray[Any]]) -> int:
    return sum(values.nbytes for values in arrays.values()) + _OTHER_BYTES
