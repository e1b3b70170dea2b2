"""What can be wrong with a data set, or with one of its cases."""

from __future__ import annotations

from hemorrhage.errors import HemorrhageError


class DataSetError(HemorrhageError):
    """The data set as a whole cannot be used: nothing is written."""


class CaseDefectError(HemorrhageError):
    """One case, or one rater's mask of it, cannot be used: it is named and left out, the rest goes on."""
