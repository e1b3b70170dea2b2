"""A folder beside the data set in which an import grows; what a killed run finished is not done again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hemorrhage.errors import ArgumentError, OutputExistsError

from .case_import import ImportedCase
from .defects import DataSetError
from .manifest import MANIFEST, CaseRecord, LeftOut, read_manifest
from .source_case import SourceCase, Split

_TASK = "import.json"
_DONE = "done"


class ImportTask(BaseModel):
    """What an import does to each case: a run may only go on where one with the same task stopped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    source: str
    voxel_subtypes: bool
    program: str


class _DoneCase(BaseModel):
    """A finished case, and the state of the source files that it was made of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: list[tuple[str, int, int]]
    record: CaseRecord
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Staging:
    """The folder in which a data set grows.

    Attributes
    ----------
    folder : Path
        ``.NAME.importing`` beside the destination; holds nnU-Net's folders, all cases as training cases.
    destination : Path
    """

    folder: Path
    destination: Path

    def finished(self, case: SourceCase) -> ImportedCase | None:
        """Return what an earlier run made of a case, or None if it did not finish it or the source changed since."""
        try:
            done = _DoneCase.model_validate_json(self._done_file(case.name).read_text(encoding="utf-8"))
        except (OSError, ValidationError, UnicodeDecodeError):
            return None
        complete = all((self.folder / file.path).is_file() for file in done.record.written)
        return ImportedCase(done.record, done.left_out) if complete and done.state == _state(case) else None

    def finish(self, case: SourceCase, imported: ImportedCase) -> None:
        """Note that a case is complete; a kill at any moment leaves the note whole or absent."""
        file = self._done_file(case.name)
        file.parent.mkdir(exist_ok=True)
        partial = file.with_suffix(".partial")
        done = _DoneCase(state=_state(case), record=imported.record, left_out=imported.left_out)
        partial.write_text(done.model_dump_json(), encoding="utf-8")
        partial.replace(file)

    def put_in_place(self, records: Iterable[CaseRecord], other_files: Iterable[str]) -> None:
        """Make the data set appear at the destination, replacing an earlier one.

        Parameters
        ----------
        records : iterable of CaseRecord
            With the paths that their files have in the data set; test cases are moved there.
        other_files : iterable of str
            What belongs to the data set beside the cases' files; everything else in the folder is removed.
        """
        wanted = set(other_files)
        for record in records:
            for file in record.written:
                wanted.add(file.path)
                target, training = self.folder / file.path, self.folder / file.path.replace("Ts/", "Tr/")
                if not target.exists():
                    target.parent.mkdir(exist_ok=True)
                    training.rename(target)
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = path.relative_to(self.folder)
            if name.parts[0] in (_DONE, _TASK):
                continue
            if path.is_file() and name.as_posix() not in wanted:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        # Last of all: a run that is killed before this line needs them to go on.
        (self.folder / _TASK).unlink()
        shutil.rmtree(self.folder / _DONE)
        replaced = _replaced(self.destination)
        if self.destination.exists():
            self.destination.rename(replaced)
        self.folder.rename(self.destination)
        shutil.rmtree(replaced, ignore_errors=True)

    def _done_file(self, name: str) -> Path:
        return self.folder / _DONE / f"{name}.json"


def open_staging(destination: Path, task: ImportTask, *, overwrite: bool) -> Staging:
    """Make the folder, or open the one that an earlier run of the same task left.

    Raises
    ------
    OutputExistsError
        The destination exists and may not be replaced, or is no imported data set.
    DataSetError
        An unfinished import of something else is in the way.
    ArgumentError
        The destination is a file.
    """
    replaced = _replaced(destination)
    if replaced.exists():  # killed while replacing
        if destination.exists():
            shutil.rmtree(replaced)
        else:
            replaced.rename(destination)
    _check_destination(destination, overwrite=overwrite)
    folder = destination.with_name(f".{destination.name}.importing")
    if folder.exists() and _task_of(folder) not in (task, None):
        if not overwrite:
            raise DataSetError(
                f"{folder} holds an unfinished import of another source or with other options: "
                "repeat that command, or start anew with --overwrite"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_TASK}.partial"
    partial.write_text(task.model_dump_json(), encoding="utf-8")
    partial.replace(folder / _TASK)
    _all_into_training(folder)
    return Staging(folder, destination)


def _check_destination(destination: Path, *, overwrite: bool) -> None:
    if destination.exists() and not destination.is_dir():
        raise ArgumentError(f"{destination} is a file: name a folder for the data set")
    if not destination.exists() or not any(destination.iterdir()):
        return
    if not overwrite:
        raise OutputExistsError(f"{destination} is not empty: name another folder, or replace a data set with --overwrite")
    try:
        read_manifest(destination)
    except DataSetError as error:
        if not (destination / MANIFEST).is_file():
            raise OutputExistsError(
                f"{destination} holds something else than an imported data set and is not overwritten: name another folder"
            ) from error


def _task_of(folder: Path) -> ImportTask | None:
    try:
        return ImportTask.model_validate(json.loads((folder / _TASK).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _all_into_training(folder: Path) -> None:
    """Undo the moves of a run that was killed while it put the data set in place."""
    for kind in ("images", "labels"):
        test = folder / f"{kind}Ts"
        for path in sorted(test.iterdir()) if test.is_dir() else ():
            (folder / f"{kind}Tr").mkdir(exist_ok=True)
            path.rename(folder / f"{kind}Tr" / path.name)


def _replaced(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.replaced")


def _state(case: SourceCase) -> list[tuple[str, int, int]]:
    """Name, size and time of change of each source file, and nothing that would need reading them."""
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in case.files]


def in_split(record: CaseRecord, split: Split, fold: int | None) -> CaseRecord:
    """Return the record of a training case as one of the given split, with the paths that its files get."""
    if split is Split.TRAINING:
        return record.model_copy(update={"split": split, "fold": fold})
    moved = {
        name: file.model_copy(update={"path": file.path.replace("Tr/", "Ts/", 1)})
        for name, file in (("ct", record.ct), ("labels", record.labels))
    }
    return record.model_copy(update={"split": split, "fold": None, **moved})
