"""A small, strict stand-in for the 3D Slicer application, over the real MRML libraries of slicer-core and over PySide6.

Test code only. `boot` starts it; `README.md` says what is real, what is a double, and what neither can show.
"""

from harness.slicer_application.environment import import_slicer, missing_requirement, prepare

__all__ = ["import_slicer", "missing_requirement", "prepare"]
