"""From a file or folder on disk to a `HeadCT` with exact geometry in checked Hounsfield units."""

from .ct_checks import check_is_ct
from .read_ct import read_ct
from .simpleitk_bridge import from_simpleitk, to_simpleitk
from .source_slices import SourceSlice, map_to_source_slices, source_slices

__all__ = [
    "SourceSlice",
    "check_is_ct",
    "from_simpleitk",
    "map_to_source_slices",
    "read_ct",
    "source_slices",
    "to_simpleitk",
]
