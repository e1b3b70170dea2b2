"""Whether a result can be written, asked before minutes of computing rather than after."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ArgumentError


def check_output(folder: Path, *, overwrite: bool) -> Path:
    """Return the absolute path of an output folder that can be written; nothing is created.

    Raises
    ------
    OutputExistsError
        The folder holds a result and must not be overwritten, or something that is no result.
    ArgumentError
        The path is a file, or its parent cannot be written.
    """
    from ..writing.result_folder import check_result_folder

    folder = Path(os.path.abspath(folder.expanduser()))
    check_result_folder(folder, overwrite=overwrite)
    parent = next(path for path in folder.parents if path.exists())
    if not parent.is_dir():
        raise ArgumentError(f"{parent} is a file, so {folder} cannot be made: name another folder for the results")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ArgumentError(f"{parent} cannot be written: name another folder for the results")
    return folder
