"""The embedded nnU-Net's pool of simulated cases as a data set in nnU-Net's raw format: one simulation serves both."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hemorrhage.errors import ArgumentError
from hemorrhage.head_ct import HeadCT
from hemorrhage.progress import Progress, ProgressCallback, Stage
from hemorrhage.writing.volume_file import write_volume

from ..datasets.raw_cases import SPLITS_NAME
from ..embedded.plans import CONFIGURATION, embedded_dataset_json, embedded_plans

#: The pool's intensities are clipped above brain; these stand for what lay beyond: air, and bone to find the skull by.
_AIR_HU, _BONE_HU = -1000, 1000
_SOURCES_NAME = "cases.json"

Item = TypeVar("Item")


def files_of_pool(pool: Path, cases: int) -> list[Path]:
    """Return the files of so many cases, taken evenly from the pool.

    Raises
    ------
    ArgumentError
        The pool holds fewer.
    """
    files = sorted(pool.glob("case_??????.npz"))
    if not 1 <= cases <= len(files):
        raise ArgumentError(f"{pool} holds {len(files)} cases, not {cases}: simulate more, or ask for fewer")
    return evenly(files, cases)


def data_set_from_pool(files: Sequence[Path], folder: Path, validation: int, progress: ProgressCallback | None = None) -> Path:
    """Write cases of a pool as CTs with labels, on the grid that the pool has them on.

    Parameters
    ----------
    files : sequence of Path
        Cases made by ``python -m hemorrhage_training.embedded simulate``.
    folder : Path
        Receives ``imagesTr``, ``labelsTr``, ``dataset.json``, ``splits_final.json`` and ``cases.json``. Cases that are there are
        kept.
    validation : int
        How many of them validate, taken evenly: each costs its time after every epoch. 0 = there is no split.
    progress : callable, optional

    Raises
    ------
    ArgumentError
        Nothing would be left to train with.
    """
    if not 0 <= validation < len(files):
        raise ArgumentError(f"of {len(files)} cases, {validation} cannot validate: at least one must be left to train with")
    described: dict[str, Any] = {}
    for done, path in enumerate(files):
        if progress is not None:
            progress(Progress(Stage.WRITING, done, len(files), path.stem))
        with np.load(path) as case:
            described[path.stem] = json.loads(str(case["description"]))
            ct, labels = as_ct(case["image"]), case["labels"]
        for name, values in (("imagesTr/{}_0000.nii.gz", ct.hu.astype(np.int16)), ("labelsTr/{}.nii.gz", labels)):
            target = folder / name.format(path.stem)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                write_volume(values, ct, target)
    _write_json(folder / "dataset.json", embedded_dataset_json(len(files)))
    if validation:
        names = [path.stem for path in files]
        validating = evenly(names, validation)
        _write_json(folder / SPLITS_NAME, [{"train": [each for each in names if each not in validating], "val": validating}])
    _write_json(folder / _SOURCES_NAME, described)
    return folder


def as_ct(image: NDArray[np.floating]) -> HeadCT:
    """Turn a pooled image (D, H, W), clipped and normalized, back into Hounsfield units, an axial stack as the simulator's."""
    plans = embedded_plans()
    normal = plans["foreground_intensity_properties_per_channel"]["0"]
    low, high = normal["percentile_00_5"], normal["percentile_99_5"]
    hu = np.rint(image.astype(np.float32) * normal["std"] + normal["mean"])
    hu[hu <= low], hu[hu >= high] = _AIR_HU, _BONE_HU
    spacing = plans["configurations"][CONFIGURATION]["spacing"]
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = spacing[0], -spacing[1], -spacing[2], 1
    return HeadCT(hu, affine, source="simulated head CT")


def real_anatomy(folder: Path) -> dict[str, int]:
    """Return how many cases of a data set deform a real head's anatomy, by the name of its file or folder."""
    described = json.loads((folder / _SOURCES_NAME).read_text(encoding="utf-8")).values()
    sources = (case["anatomy"].get("base") for case in described)
    return dict(sorted(Counter(Path(source).name for source in sources if source).items()))


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Return `count` of the items, spread evenly over their order."""
    return [items[number * len(items) // count] for number in range(count)]


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
