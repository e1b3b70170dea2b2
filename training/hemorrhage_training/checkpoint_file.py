"""Checkpoints that are whole or not there, with the one before kept."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from hemorrhage.errors import ModelError, ResourceError

#: By this torch's failures to write a file are known: on a full disk it raises no `OSError`.
_TORCHS_WRITER = ("inline_container", "PytorchStreamWriter")


def previous_of(path: Path) -> Path:
    """Return where the checkpoint before this one is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write_checkpoint(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` write a checkpoint to a temporary name, and put it in place; the present one is kept as previous.

    A process that is killed at any moment leaves a whole checkpoint: the new one, or the one before.

    Raises
    ------
    ResourceError
        It cannot be written; the present one stays.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            os.replace(path, previous_of(path))
        os.replace(partial, path)
    except OSError as error:
        raise _unwritten(path, error.strerror or str(error)) from error
    except RuntimeError as error:
        if not any(words in str(error) for words in _TORCHS_WRITER):
            raise
        raise _unwritten(path, "torch could not write all of it") from error
    finally:
        partial.unlink(missing_ok=True)


def whole_checkpoint(path: Path, read: Callable[[Path], object]) -> Path:
    """Return `path` if it is a whole checkpoint, else the one before it.

    Parameters
    ----------
    path : Path
    read : callable
        Reads a checkpoint without running what it holds; raises `ModelError` if it is damaged, or holds more than it should.

    Raises
    ------
    ModelError
        Neither is there and whole.
    """
    for candidate in (path, previous_of(path)):
        if candidate.exists() and _is_whole(candidate, read):
            return candidate
    raise ModelError(f"{path} is damaged, and no whole checkpoint was kept before it: start the training anew")


def remove_checkpoint(path: Path) -> None:
    """Remove a checkpoint and the one before it."""
    path.unlink(missing_ok=True)
    previous_of(path).unlink(missing_ok=True)


def _unwritten(path: Path, reason: str) -> ResourceError:
    return ResourceError(
        f"the checkpoint {path} cannot be written ({reason}): free space, and the same command goes on from the one before"
    )


def _is_whole(path: Path, read: Callable[[Path], object]) -> bool:
    """Whether every record has the checksum that it was written with, and `read` has nothing to object to."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return False
        read(path)
    except (ModelError, zipfile.BadZipFile, OSError, RuntimeError):
        return False
    return True
