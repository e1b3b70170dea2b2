"""Which versions made a result."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from . import __version__

#: Distributions whose version can change a result.
_LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "nnunetv2",
    "dynamic-network-architectures",
    "scikit-image",
    "SimpleITK",
    "pydicom",
)


def library_versions() -> dict[str, str]:
    """Return name and version of this program, of Python and of the libraries that a result depends on."""
    versions = {"hemorrhage-uncertainty": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions
