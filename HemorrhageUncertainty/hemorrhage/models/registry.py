"""Models by name: list, load, verify, remove."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from .locations import ALIASES, Origin, embedded_folder, user_folder
from .model import Model
from .model_card import NAME_PATTERN, read_card
from .model_folder import is_model_folder
from .nnunet_folder import is_nnunet_folder


@dataclass(frozen=True)
class ModelEntry:
    """One line of the list of models.

    Attributes
    ----------
    name : str
    folder : Path
    origin : Origin
    title : str
    alias : str
        ``default`` or ``fast`` for the embedded model of that short name; else empty.
    problem : str
        Why it cannot be listed properly; empty if it looks right (hashes are checked when it is loaded).
    """

    name: str
    folder: Path
    origin: Origin
    title: str
    alias: str = ""
    problem: str = ""


def list_models() -> list[ModelEntry]:
    """Return the known models, embedded ones first, then by name; damaged ones too, with the reason."""
    return [_describe(name, folder, origin) for name, (folder, origin) in _known_folders().items()]


def load_model(name_or_folder: str | Path = "default") -> Model:
    """Open a model by name (``default`` and ``fast``: embedded ones) or folder, checking its files.

    Raises
    ------
    ModelError
        Unknown name; folder missing, damaged, altered, newer than this program, or of a kind that it cannot run.
    """
    text = str(name_or_folder)
    known = _known_folders()
    name = ALIASES.get(text, text)
    if not isinstance(name_or_folder, Path) and name in known:
        return Model(known[name][0], name)
    if text in ALIASES:
        raise ModelError(f"the embedded model {name!r} is missing: reinstall the program, or name a model folder")
    folder = Path(name_or_folder).expanduser()
    if folder.is_dir():
        return Model(folder)
    if folder.is_file():
        raise ModelError(f"{text} is a file, not a model folder: if it is a zip file with a model, use hemorrhage models import")
    if isinstance(name_or_folder, Path) or not re.match(NAME_PATTERN, text):
        raise ModelError(f"there is no model folder {text}")
    raise ModelError(f"there is no model called {text!r} (known: {', '.join(known) or 'none'}) and no folder of that name")


def verify_model(name_or_folder: str | Path = "default") -> Model:
    """Check a model thoroughly: every hash, and that its weights load into its architecture; return it.

    Raises
    ------
    ModelError
        What is wrong.
    """
    model = load_model(name_or_folder)
    model.network("cpu")
    return model


def remove_model(name: str) -> Path:
    """Delete one of the user's models; return the folder that was deleted.

    Raises
    ------
    ModelError
        Unknown, or it came with the program.
    """
    known = _known_folders()
    if name not in known:
        raise ModelError(f"there is no model called {name!r} to remove (known: {', '.join(known) or 'none'})")
    folder, origin = known[name]
    if origin is Origin.EMBEDDED:
        raise ModelError(f"the model {name!r} came with the program and cannot be removed")
    if folder.is_symlink():  # a link to a model elsewhere: the link goes, the model stays
        folder.unlink()
    else:
        shutil.rmtree(folder)
    return folder


def _known_folders() -> dict[str, tuple[Path, Origin]]:
    """Map names to folders; an embedded model cannot be shadowed by a user's model of the same name."""
    known: dict[str, tuple[Path, Origin]] = {}
    for origin, parent in ((Origin.EMBEDDED, embedded_folder()), (Origin.USER, user_folder())):
        if parent is None or not parent.is_dir():
            continue
        for folder in sorted(parent.iterdir()):
            if re.match(NAME_PATTERN, folder.name) and (is_model_folder(folder) or is_nnunet_folder(folder)):
                known.setdefault(folder.name, (folder, origin))
    return known


def _describe(name: str, folder: Path, origin: Origin) -> ModelEntry:
    title, problem = "nnU-Net v2 model", ""
    if is_model_folder(folder):
        try:
            title = read_card(folder).title
        except ModelError as error:
            title, problem = "damaged", str(error)
    alias = next((alias for alias, stands_for in ALIASES.items() if stands_for == name), "")
    return ModelEntry(name, folder, origin, title, alias, problem)
