"""What each epoch of a training gave, as JSON lines in a file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


class Epoch(Protocol):
    """A record of one epoch: a dataclass of numbers, texts, and tuples of them.

    Attributes
    ----------
    epoch : int
        From 0.
    """

    @property
    def epoch(self) -> int:
        """See above."""


Record = TypeVar("Record", bound=Epoch)


class EpochLog(Generic[Record]):
    """Records of epochs in a file; an epoch that is trained again after an interruption replaces what was there.

    Parameters
    ----------
    path : Path
    record : type
        Of the records.
    """

    def __init__(self, path: Path, record: type[Record]) -> None:
        self.path, self._type = path, record

    def add(self, record: Record) -> None:
        """Add an epoch."""
        assert is_dataclass(record)
        kept = [r for r in self.read() if r.epoch < record.epoch]
        lines = [json.dumps(_without_nan(asdict(r))) for r in (*kept, record)]
        partial = self.path.with_suffix(".partial")
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(self.path)

    def read(self) -> list[Record]:
        """Return the epochs so far."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [self._type(**{key: _with_nan(value) for key, value in json.loads(line).items()}) for line in lines]


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _with_nan(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_with_nan(each) for each in value)
    return math.nan if value is None else value
