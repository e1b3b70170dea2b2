"""Which files belong to which case: predictions, references, raters and CTs, matched by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from hemorrhage.errors import ArgumentError, GeometryError

from .grid_files import ENDINGS, ending_of, read_grid, stem_of

#: ``CASE_rater0.nii.gz``, ``CASE_rater_2.nii.gz``, ``CASE_annot_3.nii.gz``: several raters of one case.
_RATER = re.compile(r"^(?P<case>.+?)_(?:rater|annot)_?(?P<rater>[A-Za-z0-9]+)$")
_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class CaseFiles:
    """One case.

    Attributes
    ----------
    name : str
    labels : Path
        The predicted label map.
    references : tuple of Path
        The reference label map, or one per rater; their majority is the reference then.
    result : Path or None
        The result folder that `labels` lies in, with the maps of the method.
    raters : tuple of Path
        Label maps of several raters, to compare the method's samples with.
    ct : Path or None
    """

    name: str
    labels: Path
    references: tuple[Path, ...]
    result: Path | None = None
    raters: tuple[Path, ...] = ()
    ct: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that the evaluation of this case reads."""
        of_result: tuple[Path, ...] = ()
        if self.result is not None:
            names = ("result.json", "probabilities", "variance", "entropy", "mutual_information", "samples")
            paths = (self.result / (name if name.endswith(".json") else f"{name}.nii.gz") for name in names)
            of_result = tuple(path for path in paths if path.is_file())
        return tuple(dict.fromkeys((self.labels, *of_result, *self.references, *self.raters, *((self.ct,) if self.ct else ()))))


@dataclass(frozen=True)
class CaseList:
    """The cases of an evaluation, and the names of predictions without a reference, which are left out."""

    cases: tuple[CaseFiles, ...]
    without_reference: tuple[str, ...] = field(default=())


def find_cases(
    predictions: Path, references: Path, *, raters: Path | None = None, cts: Path | None = None, partial: bool = False
) -> CaseList:
    """Match predictions with references by name.

    Parameters
    ----------
    predictions : Path
        Folder of result folders (``CASE/result.json``), or of label maps (``CASE.nii.gz``).
    references : Path
        Folder of label maps, ``CASE.nii.gz`` or ``CASE_raterN.nii.gz``.
    raters : Path, optional
        Folder of further raters' label maps beside the reference.
    cts : Path, optional
        Folder of ``CASE.nii.gz``, ``CASE_0000.nii.gz`` or DICOM folders ``CASE``.
    partial : bool
        Whether references without a prediction are left out; else they are an error.

    Raises
    ------
    ArgumentError
        A folder is missing or holds nothing usable, no name matches, or a reference has no prediction.
    """
    for folder in (predictions, references, raters, cts):
        if folder is not None and not folder.is_dir():
            raise ArgumentError(f"{folder} is not a folder: name a folder of label maps, one per case")
    predicted = _predictions(predictions)
    reference = _by_case(references)
    if not reference:
        raise ArgumentError(f"{references} holds no label maps ({', '.join(ENDINGS)}): name the folder of references")
    rated = _by_case(raters) if raters is not None else {name: files for name, files in reference.items() if len(files) > 1}
    if not predicted.keys() & reference.keys():
        raise ArgumentError(
            f"no case of {predictions} ({_names(predicted)}) has a reference in {references} ({_names(reference)}): "
            "files or result folders must be named like their references"
        )
    missing = sorted(reference.keys() - predicted.keys())
    if missing and not partial:
        raise ArgumentError(
            f"{len(missing)} of {len(reference)} references have no prediction in {predictions} ({_names(missing)}): "
            "predict them too, or evaluate the others only with --partial"
        )
    cases = [
        CaseFiles(
            name=name,
            labels=labels,
            result=result,
            references=reference[name],
            raters=rated.get(name, ()),
            ct=_ct_of(name, cts) if cts is not None else None,
        )
        for name, (labels, result) in sorted(predicted.items())
        if name in reference
    ]
    return CaseList(tuple(cases), tuple(sorted(predicted.keys() - reference.keys())))


def check_grids(case: CaseFiles) -> None:
    """Read the headers of a case's label maps and refuse grids that differ: resampling would change the figures.

    Raises
    ------
    GeometryError
        Naming the case and both grids.
    """
    grid = read_grid(case.labels)
    for path in dict.fromkeys((*case.references, *case.raters)):
        other = read_grid(path)
        if not grid.is_same_as(other):
            how = f"{grid} and {other}" if str(grid) != str(other) else f"both {grid}, in different places"
            raise GeometryError(
                f"case {case.name}: prediction and reference lie on different grids ({how}; {path}): "
                "predict on the CT that the reference was drawn on, nothing is resampled here"
            )


def _predictions(folder: Path) -> dict[str, tuple[Path, Path | None]]:
    if (folder / "result.json").is_file():
        raise ArgumentError(f"{folder} is the result of one case: name the folder that holds one such folder per case")
    results = {
        entry.name: (entry / "labels.nii.gz", entry)
        for entry in sorted(folder.iterdir())
        if (entry / "result.json").is_file() and not entry.name.startswith(".")
    }
    files = [entry for entry in sorted(folder.iterdir()) if _is_map(entry)]
    if results and files:
        raise ArgumentError(f"{folder} holds both result folders and label maps: keep one kind, one per case")
    if not results and not files:
        raise ArgumentError(f"{folder} holds neither result folders nor label maps ({', '.join(ENDINGS)})")
    return dict(results) if results else {stem_of(path): (path, None) for path in files}


def _by_case(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Return each case's label maps; the raters of a case in the order of their names."""
    cases: dict[str, list[Path]] = {}
    for path in sorted(entry for entry in folder.iterdir() if _is_map(entry)):
        rater = _RATER.match(stem_of(path))
        cases.setdefault(rater["case"] if rater else stem_of(path), []).append(path)
    for name, files in cases.items():
        if len(files) > 1 and any(stem_of(path) == name for path in files):
            raise ArgumentError(
                f"{folder} holds a label map of {name} and further ones of its raters: move the raters to a folder for --raters"
            )
    return {name: tuple(files) for name, files in cases.items()}


def _is_map(entry: Path) -> bool:
    return ending_of(entry) is not None and not entry.name.startswith(".") and entry.is_file()


def _ct_of(name: str, folder: Path) -> Path | None:
    files = (folder / f"{name}{channel}{ending}" for channel in ("_0000", "") for ending in ENDINGS)
    found = next((path for path in files if path.is_file()), None)
    return found or (folder / name if (folder / name).is_dir() else None)


def _names(names: object) -> str:
    listed = sorted(names)  # type: ignore[call-overload]
    return ", ".join(listed[:_NAMED_AT_MOST]) + (", ..." if len(listed) > _NAMED_AT_MOST else "")
