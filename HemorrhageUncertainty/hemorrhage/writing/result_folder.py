"""A result folder that appears complete or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ArgumentError, OutputExistsError, ResourceError
from .result_schema import RESULT_FORMAT

RESULT_FILES = frozenset(
    {
        "labels.nii.gz",
        "probabilities.nii.gz",
        "variance.nii.gz",
        "entropy.nii.gz",
        "mutual_information.nii.gz",
        "volumes.csv",
        "lesions.csv",
        "result.json",
        "overview.png",
        "report.html",
    }
)
#: What a result holds only if it was asked for, or the method yields it.
OPTIONAL_FILES = frozenset({"samples.nii.gz", "variance_expansion.nii.gz", "variance_transforms.nii.gz"})
#: What the demo writes beside a result, and so may be replaced with it.
DEMO_FILES = frozenset({"simulated_ct.nii.gz", "simulated_labels.nii.gz"})
#: What file managers leave behind; losing it loses nothing.
_FURNITURE = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
#: No run writes its files for this long: an older partial folder belongs to a run that was killed, wherever it ran.
_ABANDONED_AFTER_S = 24 * 3600.0


def check_result_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that must not be replaced; nothing is created or changed.

    A missing or empty folder is always fine. With `overwrite`, a folder is replaced only if it is an earlier result: it has our
    ``result.json`` and nothing that we did not write.

    Raises
    ------
    OutputExistsError
        The folder holds a result and `overwrite` is false, or it holds anything else.
    ArgumentError
        The path is a file.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ArgumentError(f"{folder} is a file: name a folder for the results")
    entries = {entry.name for entry in folder.iterdir()} - _FURNITURE
    if not entries:
        return
    foreign = sorted(entries - RESULT_FILES - OPTIONAL_FILES - DEMO_FILES)
    if foreign:
        named = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise OutputExistsError(f"{folder} holds files that are not part of a result ({named}): name another folder")
    if not _is_result(folder):
        raise OutputExistsError(f"{folder} holds files but no result of this program: name another folder")
    if not overwrite:
        raise OutputExistsError(
            f"{folder} already holds a result: name another folder, or overwrite it (--overwrite, overwrite=True)"
        )


@contextmanager
def result_folder(folder: Path, *, overwrite: bool, needed_bytes: int) -> Iterator[Path]:
    """Give a temporary folder beside `folder` to write into, and put it in place once everything has been written.

    If anything goes wrong (a full disk, Ctrl-C), the temporary folder is removed and an earlier result stays as it was. What a
    killed run left behind is cleaned up by the next run that writes to the same place.

    Parameters
    ----------
    folder : Path
        Where the result should be.
    overwrite : bool
        Whether an earlier result may be replaced (see `check_result_folder`).
    needed_bytes : int
        Estimate of what will be written; asked of the disk first.

    Raises
    ------
    OutputExistsError, ArgumentError
        See `check_result_folder`.
    ResourceError
        The disk is full or the folder cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # not resolved: a link to a folder on another disk stays a link
    if folder.is_symlink():
        folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        clean_up_after_killed_runs(folder)
        check_result_folder(folder, overwrite=overwrite)
        free = shutil.disk_usage(folder.parent).free
        if free < needed_bytes:
            raise ResourceError(
                f"the result needs about {needed_bytes / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free at {folder.parent}: "
                "free space or choose another folder"
            )
        tag = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        partial = folder.with_name(f".{folder.name}.partial-{tag}")
        partial.mkdir()
        try:
            yield partial
            check_result_folder(folder, overwrite=overwrite)  # someone else may have been faster
            _put_in_place(partial, folder, folder.with_name(f".{folder.name}.replaced-{tag}"))
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or str(error)
        raise ResourceError(f"{folder} cannot be written ({reason}): free space or choose another folder") from error


def clean_up_after_killed_runs(folder: Path) -> None:
    """Remove temporary folders of runs that were killed while writing `folder`; put back a result that was about to be replaced.

    A temporary folder names its host and process. It is abandoned if that process of this host is gone, or after a day.
    """
    for kind in ("replaced", "partial"):
        prefix = f".{folder.name}.{kind}-"
        for left in sorted(entry for entry in folder.parent.iterdir() if entry.name.startswith(prefix)):
            if not _is_abandoned(left, left.name.removeprefix(prefix)):
                continue
            if kind == "replaced" and not folder.exists():
                left.rename(folder)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _put_in_place(partial: Path, folder: Path, replaced: Path) -> None:
    if os.path.ismount(folder):  # a volume mounted into a container cannot be renamed over: move the files, the record last
        for entry in folder.iterdir():
            entry.unlink()
        for written in sorted(partial.iterdir(), key=lambda path: path.name == "result.json"):
            shutil.move(written, folder / written.name)
        return
    if not folder.exists():
        partial.rename(folder)
        return
    folder.rename(replaced)
    try:
        partial.rename(folder)
    except BaseException:
        replaced.rename(folder)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


def _is_result(folder: Path) -> bool:
    try:
        record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("format") == RESULT_FORMAT


def _is_abandoned(left: Path, tag: str) -> bool:
    try:
        if time.time() - left.stat().st_mtime > _ABANDONED_AFTER_S:
            return True
    except OSError:
        return False
    host, _, process = tag.rsplit("-", 1)[0].rpartition("-")
    return host == socket.gethostname() and process.isdigit() and not _is_running(int(process))


def _is_running(process: int) -> bool:
    if os.name == "nt":  # os.kill would end the process there; the age decides instead
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
