"""Finding CT and mask files that belong together by name."""

from __future__ import annotations

from pathlib import Path

from .defects import DataSetError

NIFTI = (".nii.gz", ".nii")
VOLUMES = (*NIFTI, ".nrrd", ".mha")


def volumes_in(folder: Path, endings: tuple[str, ...] = NIFTI) -> dict[str, Path]:
    """Return the volume files in a folder by name without ending, in order; hidden files are passed over."""
    found = {}
    for path in sorted(folder.iterdir()):
        ending = next((each for each in endings if path.name.lower().endswith(each)), None)
        if ending is not None and path.is_file() and not path.name.startswith("."):
            found[path.name[: -len(ending)]] = path
    return found


def pair(cts: dict[str, Path], masks: dict[str, Path], folder: Path) -> tuple[dict[str, tuple[Path, Path]], dict[str, str]]:
    """Match CTs and masks by name.

    Returns
    -------
    pairs : dict of name to (CT, mask)
    incomplete : dict of file (relative to `folder`) to what is missing
    """
    pairs = {name: (cts[name], masks[name]) for name in sorted(cts.keys() & masks.keys())}
    incomplete = {str(cts[name].relative_to(folder)): "there is no mask for it" for name in sorted(cts.keys() - masks.keys())}
    incomplete |= {str(masks[name].relative_to(folder)): "there is no CT for it" for name in sorted(masks.keys() - cts.keys())}
    return pairs, incomplete


def require_folders(folder: Path, *names: str, what: str) -> list[Path]:
    """Return the subfolders; `folder` may also be one level above them (an unpacked archive in its own folder).

    Raises
    ------
    DataSetError
        One of them does not exist; says what was expected where.
    """
    if not folder.is_dir():
        raise DataSetError(f"{folder} is not a folder: give the folder with the unpacked {what}")
    parents = [folder, *sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))]
    fitting = [parent for parent in parents if all((parent / name).is_dir() for name in names)]
    if not fitting:
        raise DataSetError(f"{folder} does not look like {what}: expected the folders {' and '.join(map(repr, names))} in it")
    if fitting[0] != folder and len(fitting) > 1:
        raise DataSetError(f"{folder} holds {what} more than once ({fitting[0].name}, {fitting[1].name}): name one of them")
    return [fitting[0] / name for name in names]
