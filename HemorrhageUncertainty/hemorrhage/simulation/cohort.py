"""Simulated cases in nnU-Net's raw layout: CTs, reference labels, raters, and what was drawn."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import ArgumentError, Interrupted, OutputExistsError
from ..hemorrhage_class import SIX_CLASSES
from ..progress import Progress, ProgressCallback, Stage, StopCallback

Simulate = Callable[..., Any]


def simulate_cohort(
    folder: str | Path,
    cases: int,
    seed: int = 0,
    *,
    raters: int = 0,
    shape: Sequence[int] | None = None,
    base: Any = None,
    hemorrhage_free: float = 0.15,
    progress: ProgressCallback | None = None,
    should_stop: StopCallback | None = None,
    overwrite: bool = False,
    simulate: Simulate | None = None,
) -> Path:
    """Simulate a data set.

    Case k has its own seed, drawn from `seed` and k: more cases begin with the same ones. The folder appears when everything
    is written; a run that is stopped leaves nothing.

    Parameters
    ----------
    folder : path
        Receives ``imagesTr/CASE_0000.nii.gz``, ``labelsTr/CASE.nii.gz``, ``raters/CASE_rater0.nii.gz`` ..., ``dataset.json``
        and ``cases.json`` (seed and description of each case).
    cases : int
        At least 1.
    seed : int
        At least 0.
    raters : int
        Plausible reference masks per case; 0 = none.
    shape : (D, H, W) or None
        Size of each CT; None = drawn by the scanner.
    base : optional
        Real anatomy to start from, passed on to `simulate_head_ct`.
    hemorrhage_free : float
        Probability, in [0, 1], that a case has no hemorrhage, besides those that the drawn plans leave without.
    progress, should_stop : callbacks
    overwrite : bool
        Replace an existing folder.
    simulate : callable or None
        None = `simulate_head_ct`; anything that takes its arguments and returns an object with ``ct``, ``labels``, ``raters``
        and ``description``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputExistsError
        The folder exists and `overwrite` is False.
    ArgumentError
        A count, seed, probability or shape out of range.
    Interrupted
        `should_stop` returned True; nothing was written.
    """
    folder = Path(folder)
    _check(folder, cases, seed, raters, shape, hemorrhage_free, overwrite)
    if simulate is None:
        from .head_ct_simulation import simulate_head_ct

        simulate = simulate_head_ct
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        described = []
        for k in range(cases):
            if should_stop is not None and should_stop():
                raise Interrupted(f"stopped after {k} of {cases} cases: nothing was written")
            if progress is not None:
                progress(Progress(Stage.WRITING, k, cases, f"simulating case {k + 1}"))
            described.append(_write_case(temporary, k, seed, raters, shape, base, hemorrhage_free, simulate))
        _write_json(temporary / "dataset.json", _dataset(cases))
        _write_json(
            temporary / "cases.json", {"schema": 1, "seed": seed, "program": f"hemorrhage {__version__}", "cases": described}
        )
        temporary.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    if progress is not None:
        progress(Progress(Stage.WRITING, cases, cases))
    return folder


def _check(
    folder: Path, cases: int, seed: int, raters: int, shape: Sequence[int] | None, hemorrhage_free: float, overwrite: bool
) -> None:
    if cases < 1 or seed < 0 or raters < 0:
        raise ArgumentError(f"{cases} cases, seed {seed} and {raters} raters: give at least 1 case, and no negative number")
    if not 0 <= hemorrhage_free <= 1:
        raise ArgumentError(f"the share of cases without hemorrhage must lie in [0, 1], not be {hemorrhage_free:g}")
    if shape is not None and (len(shape) != 3 or min(shape) < 3):
        raise ArgumentError(f"the size of a CT must be three numbers of at least 3 (slices, rows, columns), not {tuple(shape)}")
    if folder.exists() and not (overwrite and folder.is_dir()):
        raise OutputExistsError(f"{folder} exists: name another folder, or overwrite it (--overwrite, overwrite=True)")
    if folder.exists() and any(folder.iterdir()) and not (folder / "cases.json").is_file():
        raise OutputExistsError(f"{folder} holds other files than a simulated cohort and is not overwritten: name another folder")


def _write_case(
    folder: Path,
    k: int,
    seed: int,
    raters: int,
    shape: Sequence[int] | None,
    base: Any,
    hemorrhage_free: float,
    simulate: Simulate,
) -> dict[str, Any]:
    """Simulate case k and write its files; return its entry of ``cases.json``."""
    from ..writing.volume_file import write_volume

    name = f"case_{k:04d}"
    rng = np.random.default_rng([seed, k])
    case_seed = int(rng.integers(2**31))
    options: dict[str, Any] = {"raters": raters}
    if shape is not None:
        options["shape"] = tuple(int(n) for n in shape)
    if base is not None:
        options["base"] = base
    if rng.random() < hemorrhage_free:
        options["classes"] = ()
    case = simulate(case_seed, **options)
    files = {f"imagesTr/{name}_0000.nii.gz": np.rint(case.ct.hu).astype(np.int16), f"labelsTr/{name}.nii.gz": case.labels}
    for r, labels in enumerate(case.raters):
        files[f"raters/{name}_rater{r}.nii.gz"] = labels
    for file, values in files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        write_volume(values, case.ct, folder / file)
    return {"name": name, "seed": case_seed, "description": case.description}


def _dataset(cases: int) -> dict[str, Any]:
    """``dataset.json`` of nnU-Net v2."""
    return {
        "channel_names": {"0": "CT"},
        "labels": {name: value for value, name in enumerate(SIX_CLASSES)},
        "numTraining": cases,
        "file_ending": ".nii.gz",
        "description": "Simulated non-contrast head CT with hemorrhages; no patient data.",
    }


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    """NumPy scalars and arrays as plain JSON."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
