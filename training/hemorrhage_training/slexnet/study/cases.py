"""Where the study's cases come from: simulated for it, or taken from the embedded nnU-Net's pool; one class of hemorrhage."""

from __future__ import annotations

from pathlib import Path

from hemorrhage.progress import ProgressCallback
from hemorrhage.simulation.cohort import simulate_cohort

from ...embedded_slexnet.one_class import ONE_CLASS, one_class
from ...embedded_slexnet.pooled_cases import data_set_from_pool, files_of_pool

TRAINING, TEST = "Dataset900_Simulated", "Dataset901_Test"
_TRAINING_SEED, _TEST_SEED = 6_000_000, 7_000_000


def make_cases(
    output: Path, cases: int, test: int, shape: tuple[int, int, int], pool: Path | None, progress: ProgressCallback
) -> tuple[Path, Path]:
    """Return the folders of the cases to train and validate with, and of those to test on, made where they are not there yet.

    Parameters
    ----------
    output : Path
        Of the study.
    cases, test : int
    shape : tuple of int
        Slices, rows and columns of simulated CTs.
    pool : Path or None
        From ``python -m hemorrhage_training.embedded simulate``: takes the place of simulating.
    progress : callable

    Raises
    ------
    ArgumentError
        The pool holds too few cases.
    """
    folders = output / TRAINING, output / TEST
    if not all((folder / ONE_CLASS).is_file() for folder in folders):
        if pool is not None:
            files = files_of_pool(pool, cases + test)
            data_set_from_pool(files[:cases], folders[0], max(1, cases // 10), progress)
            data_set_from_pool(files[cases:], folders[1], 0, progress)
        else:
            for folder, count, seed in zip(folders, (cases, test), (_TRAINING_SEED, _TEST_SEED), strict=True):
                if not folder.is_dir():
                    simulate_cohort(folder, count, seed, shape=shape, progress=progress)
        for folder in folders:
            one_class(folder)
    return folders
