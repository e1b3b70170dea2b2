"""Values of any kind as JSON's own types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np


def json_types(value: Any) -> Any:
    """Return `value` in JSON's own types: NumPy numbers and arrays, paths, enums; not-a-number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): json_types(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return json_types(value.tolist())
    if isinstance(value, Enum):
        return json_types(value.value)
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [json_types(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    return str(value)
