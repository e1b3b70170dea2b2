"""A result to a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..report import write_overview, write_report
from ..segmentation import Segmentation
from .result_folder import result_folder
from .result_schema import record_of
from .tables import write_lesions, write_volumes
from .volume_file import write_volume

#: Share of their size in memory that compressed maps take at most in our experience.
_COMPRESSED_SHARE = 0.25
_OTHER_BYTES = 5_000_000


def save_segmentation(
    segmentation: Segmentation,
    folder: str | PathLike[str],
    *,
    overwrite: bool = False,
    extra_maps: Mapping[str, NDArray[Any]] | None = None,
) -> Path:
    """Write all files of a result, and return the folder.

    The folder then holds ``labels.nii.gz`` (uint8), ``probabilities.nii.gz`` (one volume per class), ``variance.nii.gz``,
    ``entropy.nii.gz``, ``mutual_information.nii.gz`` (float32), ``volumes.csv``, ``lesions.csv``, ``result.json``,
    ``overview.png`` and ``report.html``; ``samples.nii.gz`` (uint8, one volume per sample) if the samples were kept; and
    ``variance_expansion.nii.gz`` and ``variance_transforms.nii.gz`` if the method tells them apart. The folder appears complete
    or not at all.

    Parameters
    ----------
    segmentation : Segmentation
    folder : path
        Missing, empty, or (with `overwrite`) an earlier result.
    overwrite : bool
        Replace an earlier result; it is deleted only after the new one is in place.
    extra_maps : mapping of name to (D, H, W) array, optional
        Written beside the result as ``NAME.nii.gz``; the file names must be among `DEMO_FILES`, else the result cannot be
        overwritten later.

    Raises
    ------
    OutputExistsError
        The folder holds a result and `overwrite` is false, or files that are not ours.
    ResourceError
        The disk is full or the folder cannot be written.
    """
    target = Path(folder).expanduser()
    with result_folder(target, overwrite=overwrite, needed_bytes=_needed_bytes(segmentation)) as partial:
        write_result_files(segmentation, partial)
        for name, values in (extra_maps or {}).items():
            write_volume(values, segmentation.ct, partial / f"{name}.nii.gz")
    return target


def write_result_files(segmentation: Segmentation, folder: Path) -> None:
    """Write the files of a result into an existing folder."""
    ct = segmentation.ct
    write_volume(segmentation.labels, ct, folder / "labels.nii.gz")
    for name in ("probabilities", "variance", "entropy", "mutual_information"):
        write_volume(getattr(segmentation, name), ct, folder / f"{name}.nii.gz")
    if segmentation.parts is not None:
        for name in ("variance_expansion", "variance_transforms"):
            write_volume(getattr(segmentation.parts, name), ct, folder / f"{name}.nii.gz")
    if segmentation.samples is not None:
        write_volume(segmentation.samples, ct, folder / "samples.nii.gz")
    write_volumes(segmentation, folder / "volumes.csv")
    write_lesions(segmentation, folder / "lesions.csv")
    picture = write_overview(segmentation, folder / "overview.png")
    write_report(segmentation, folder / "report.html", overview_png=picture.read_bytes())
    record = record_of(segmentation).model_dump_json(indent=2)
    (folder / "result.json").write_text(record + "\n", encoding="utf-8")


def _needed_bytes(segmentation: Segmentation) -> int:
    names = ("labels", "probabilities", "variance", "entropy", "mutual_information")
    kept = 0 if segmentation.samples is None else segmentation.samples.nbytes
    parts = 0 if segmentation.parts is None else 2 * segmentation.variance.nbytes
    return int(_COMPRESSED_SHARE * (kept + parts + sum(getattr(segmentation, name).nbytes for name in names))) + _OTHER_BYTES
