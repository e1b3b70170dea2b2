"""Takes a model from a folder or a zip file into the user's models, after checking it; nothing in it is ever run."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from ..errors import ModelError, ResourceError
from .locations import ALIASES, user_folder
from .model import Model
from .model_card import NAME_PATTERN
from .model_folder import is_model_folder
from .nnunet_folder import is_nnunet_folder
from .registry import list_models

#: Limits for zip files, against bombs: the largest nnU-Net ensembles have a dozen files and a few GiB.
MAX_FILES = 10_000
MAX_BYTES = 32 * 2**30


def import_model(source: str | Path, name: str | None = None) -> Model:
    """Copy a model to the user's models and return it, opened.

    Parameters
    ----------
    source : path
        A model folder, or a zip file that holds one (at any depth), ours or a stock nnU-Net v2 trained-model folder.
    name : str, optional
        Name in the list of models; default: the model's own.

    Raises
    ------
    ModelError
        Not a model, damaged, altered, an unsafe zip file, or the name is taken.
    ResourceError
        The disk is full.
    """
    origin = Path(source).expanduser()
    if name is not None and not re.match(NAME_PATTERN, name):
        raise ModelError(f"{name!r} cannot be a model's name: use letters, digits, dots, dashes and underscores")
    target_parent = user_folder()
    try:
        target_parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".importing-", dir=target_parent) as scratch:
            if origin.is_dir():
                found = origin
            elif zipfile.is_zipfile(origin):
                _extract(origin, Path(scratch, "zip"))
                found = _find_model(Path(scratch, "zip"), origin)
            else:
                raise ModelError(f"{origin} is neither a folder nor a zip file that can be read")
            copy = Path(scratch, "model")
            model = Model(found)
            chosen = name or model.name
            if chosen in {entry.name for entry in list_models()} or chosen in ALIASES or (target_parent / chosen).exists():
                raise ModelError(f"there is already a model called {chosen!r}: remove it first or choose another name")
            _copy_model_files(model, copy)
            Model(copy).network("cpu")  # the copy is checked, weights and all, before it gets its name
            os.replace(copy, target_parent / chosen)
    except OSError as error:
        raise ResourceError(f"the model could not be copied to {target_parent}: {error.strerror or error}") from error
    return Model(target_parent / chosen, chosen)


def _copy_model_files(model: Model, target: Path) -> None:
    """Copy what belongs to the model (training logs and optimizer plots of an nnU-Net folder do not)."""
    target.mkdir()
    if is_model_folder(model.folder):
        for name in ("model.json", *model.card.files):
            shutil.copyfile(model.folder / name, target / name)
        return
    from .nnunet_folder import checkpoint_files

    for path in (model.folder / "plans.json", model.folder / "dataset.json", *checkpoint_files(model.folder)):
        copy = target / path.relative_to(model.folder)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)


def _find_model(root: Path, source: Path) -> Path:
    """Return the one model folder below `root`."""
    folders = [root, *sorted(path for path in root.rglob("*") if path.is_dir())]
    found = [folder for folder in folders if is_model_folder(folder) or is_nnunet_folder(folder)]
    if not found:
        raise ModelError(
            f"{source} holds no model: expected model.json, or nnU-Net's plans.json, dataset.json and fold_* folders"
        )
    if len(found) > 1:
        names = ", ".join(str(folder.relative_to(root)) for folder in found)
        raise ModelError(f"{source} holds several models ({names}): unpack it and import one folder at a time")
    return found[0]


def _extract(source: Path, target: Path) -> None:
    """Unpack a zip file, refusing names that lead elsewhere, links, and sizes that no model has."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_BYTES:
                raise ModelError(f"{source} is too large for a model ({len(members)} files): it is refused")
            for member in members:
                _extract_member(archive, member, source, target)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"the zip file {source} is damaged or encrypted: {error}") from error


def _extract_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Path, target: Path) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or ":" in member.filename or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ModelError(
            f"the zip file {source} has an unsafe entry, {member.filename!r}, that leads out of its folder: it is refused"
        )
    place = target.joinpath(*path.parts)
    if member.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as stream, place.open("wb") as copy:
        shutil.copyfileobj(stream, copy)
