"""The folder of an evaluation: resumed if it was not finished, replaced only if asked for, complete at the end."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hemorrhage import __version__
from hemorrhage.errors import ArgumentError, OutputExistsError

from .cases import CaseFiles
from .evaluate_case import EvaluationSettings

FORMAT = "hemorrhage-evaluation"
#: Raised when a field changes its meaning or goes away.
SCHEMA_VERSION = 2
RECORD = "evaluation.json"
_OURS = ("*.csv", "tables.md", "report.html", "figures", "scores", ".partial-*")


@dataclass(frozen=True)
class EvaluationFolder:
    """Where the results of an evaluation go.

    Attributes
    ----------
    path : Path
        Holds ``evaluation.json`` (state ``running`` or ``finished``), tables, ``figures`` and ``report.html``, and in
        ``scores`` one file per case that is done.
    """

    path: Path

    @classmethod
    def open(cls, path: Path, *, overwrite: bool) -> EvaluationFolder:
        """Make the folder, or go on with an unfinished one.

        Raises
        ------
        OutputExistsError
            It holds a finished evaluation and must not be overwritten, or something else.
        ArgumentError
            It is a file.
        """
        if path.exists() and not path.is_dir():
            raise ArgumentError(f"{path} is a file: name a folder for the results")
        path.mkdir(parents=True, exist_ok=True)
        state = _state(path)
        if state is None and any(not entry.name.startswith(".") for entry in path.iterdir()):
            raise OutputExistsError(f"{path} holds files but no evaluation of this program: name another folder")
        if state == "finished" and not overwrite:
            raise OutputExistsError(f"{path} already holds an evaluation: name another folder, or overwrite it with --overwrite")
        if overwrite:
            for pattern in (RECORD, *_OURS):
                for entry in path.glob(pattern):
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for left in path.glob(".partial-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = cls(path)
        (path / "scores").mkdir(exist_ok=True)
        folder.write_record({"state": "running"})
        return folder

    def scores_of(self, case: CaseFiles) -> Path:
        """Return the file that keeps the scores of a case."""
        return self.path / "scores" / f"{case.name}.npz"

    def write_record(self, content: Mapping[str, Any]) -> None:
        """Write ``evaluation.json``, complete or not at all."""
        record = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "program": f"hemorrhage {__version__}", **content}
        partial = self.path / ".evaluation.json.partial"
        partial.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        partial.replace(self.path / RECORD)

    @contextmanager
    def finishing(self, record: Mapping[str, Any]) -> Iterator[Path]:
        """Give a temporary folder for tables, figures and report; put everything in place when it is complete."""
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=self.path))
        try:
            yield partial
            for entry in sorted(partial.iterdir()):
                target = self.path / entry.name
                if target.is_dir():
                    shutil.rmtree(target)
                entry.replace(target)
            self.write_record({"state": "finished", **record})
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def fingerprint(case: CaseFiles, settings: EvaluationSettings) -> str:
    """Return what changes if a file of the case or a setting does: file sizes and times, settings, version of the program."""
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in case.files]
    content = json.dumps([files, asdict(settings), __version__, SCHEMA_VERSION])
    return hashlib.sha256(content.encode()).hexdigest()


def _state(path: Path) -> str | None:
    """Return the state of the evaluation in a folder; None if there is none."""
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        return str(record["state"]) if record["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
