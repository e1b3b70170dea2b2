"""Cases with known volumes: a data set in nnU-Net's raw format, or fresh simulated ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hemorrhage.errors import ArgumentError, GeometryError, UnreadableInputError
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES

from ..evaluation.class_names import class_names, ignore_label
from ..evaluation.grid_files import ENDINGS, Grid, ending_of, read_grid, read_labels, stem_of

#: Seeds below belong to training, those from a million on to the tests of training (`hemorrhage_training.embedded`).
FIRST_SIMULATED_SEED = 3_000_000
_SIMULATED = re.compile(r"simulated:(\d+)(?::(\d+))?")
_CHANNEL = "_0000"


class CalibrationCase(Protocol):
    """One case.

    Attributes
    ----------
    name : str
        Of letters that a file name may have.
    state : str
        Changes when the case does.
    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def state(self) -> str:
        """See above."""

    def load(self) -> tuple[HeadCT, NDArray[np.uint8]]:
        """Return the CT and its reference labels (D, H, W), on one grid."""


@dataclass(frozen=True)
class CaseSource:
    """Where cases come from.

    Attributes
    ----------
    description : str
        In words, for the model's card.
    classes : tuple of str
        Class names by label value.
    cases : sequence of CalibrationCase
    """

    description: str
    classes: tuple[str, ...]
    cases: Sequence[CalibrationCase]


@dataclass(frozen=True)
class SimulatedCalibrationCase:
    """A case of the simulator, made when it is loaded."""

    seed: int
    shape: tuple[int, int, int] | None = None

    @property
    def name(self) -> str:
        """Name with the seed."""
        return f"simulated_{self.seed:08d}"

    @property
    def state(self) -> str:
        """The simulator's input; its code is covered by the program's version."""
        return f"seed {self.seed}, shape {self.shape}"

    def load(self) -> tuple[HeadCT, NDArray[np.uint8]]:
        """Simulate the case."""
        from hemorrhage.simulation import simulate_head_ct

        case = simulate_head_ct(self.seed) if self.shape is None else simulate_head_ct(self.seed, shape=self.shape)
        return case.ct, case.labels


@dataclass(frozen=True)
class FileCase:
    """A CT and a label map on disk."""

    name: str
    ct: Path
    labels: Path
    classes: int

    @property
    def state(self) -> str:
        """Sizes and times of change of both files."""
        return ", ".join(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in (self.ct, self.labels))

    def load(self) -> tuple[HeadCT, NDArray[np.uint8]]:
        """Read both files.

        Raises
        ------
        HemorrhageError
            A file is unreadable, the CT is none, a label has no meaning, or the grids differ.
        """
        from hemorrhage.reading import read_ct

        ct = read_ct(self.ct)
        if not read_grid(self.labels).is_same_as(Grid(ct.shape, ct.affine)):
            raise GeometryError(f"CT and labels of {self.name} do not lie on the same grid: import the data set again")
        return ct, read_labels(self.labels, self.classes)


def open_cases(data: str, *, test_set: bool = False) -> CaseSource:
    """Open what `hemorrhage calibrate` is given.

    Parameters
    ----------
    data : str
        A folder in nnU-Net's raw format, or ``simulated:N`` or ``simulated:N:FIRST_SEED``.
    test_set : bool
        Take ``imagesTs`` and ``labelsTs`` of the folder instead of ``imagesTr`` and ``labelsTr``.

    Raises
    ------
    ArgumentError
        Neither of them, or nothing is in it.
    """
    match = _SIMULATED.fullmatch(data)
    if match:
        return simulated_cases(int(match[1]), FIRST_SIMULATED_SEED if match[2] is None else int(match[2]))
    if data.startswith("simulated:"):
        raise ArgumentError(f"{data} is not understood: write simulated:N or simulated:N:FIRST_SEED, e.g. simulated:400")
    return folder_cases(Path(data).expanduser().absolute(), test_set=test_set)


def simulated_cases(count: int, first_seed: int, shape: tuple[int, int, int] | None = None) -> CaseSource:
    """Return fresh simulated cases of consecutive seeds; `shape` None = the simulator's own."""
    if count < 1:
        raise ArgumentError("simulated:N needs at least one case")
    cases = [SimulatedCalibrationCase(seed, shape) for seed in range(first_seed, first_seed + count)]
    return CaseSource(f"{count} simulated head CTs, seeds {first_seed} to {first_seed + count - 1}", SIX_CLASSES, cases)


def folder_cases(folder: Path, *, test_set: bool = False) -> CaseSource:
    """Find the cases of a data set in nnU-Net's raw format.

    Raises
    ------
    ArgumentError
        A folder or ``dataset.json`` is missing, labels have the value *ignore*, or a label map has no CT.
    """
    suffix = "Ts" if test_set else "Tr"
    images, labels = folder / f"images{suffix}", folder / f"labels{suffix}"
    if not (images.is_dir() and labels.is_dir() and (folder / "dataset.json").is_file()):
        raise ArgumentError(
            f"{folder} is no data set in nnU-Net's raw format: it needs {images.name}, {labels.name}, dataset.json"
        )
    if ignore_label(labels) is not None:
        raise ArgumentError(
            f"{folder} has voxels that are to be ignored, so that the true volumes are not known: use other cases"
        )
    _, classes = class_names((), images, labels)
    cases = []
    for path in sorted(path for path in labels.iterdir() if ending_of(path) is not None):
        name = stem_of(path)
        ct = next((c for c in (images / f"{name}{_CHANNEL}{ending}" for ending in ENDINGS) if c.is_file()), None)
        if ct is None:
            raise UnreadableInputError(f"{images} has no CT called {name}{_CHANNEL}: complete the data set, or remove its labels")
        cases.append(FileCase(name, ct, path, len(classes)))
    if not cases:
        raise ArgumentError(f"{labels} holds no label maps")
    which = "test" if test_set else "training"
    return CaseSource(f"{folder.name}, {len(cases)} cases of its {which} set", classes, cases)
