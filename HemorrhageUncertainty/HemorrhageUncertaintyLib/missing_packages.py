"""Which Python packages of the engine are not installed, found out without importing any of them."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

from .engine_command import module_folder

TORCH = "torch>=2.6"
#: Measured on Linux, installed, in MB: all packages of requirements.txt with what they need; PyTorch for CPU and for NVIDIA GPU.
PACKAGES_MB = 550
TORCH_CPU_MB = 800
TORCH_GPU_MB = 5900


@dataclass(frozen=True)
class MissingPackages:
    """What has to be installed before the engine can run.

    Attributes
    ----------
    requirements : tuple of str
        As in requirements.txt.
    torch : bool
        Whether PyTorch is missing too, which is installed in another way.
    """

    requirements: tuple[str, ...] = ()
    torch: bool = False

    def __bool__(self) -> bool:
        return self.torch or bool(self.requirements)

    @property
    def disk_mb(self) -> int:
        """About how much disk it takes at least, in MB, with a build of PyTorch for the CPU."""
        return (PACKAGES_MB if self.requirements else 0) + (TORCH_CPU_MB if self.torch else 0)


def requirements_file() -> Path:
    """Return the path of the list of packages."""
    return module_folder() / "Resources" / "requirements.txt"


def read_requirements(path: Path) -> tuple[str, ...]:
    """Return the requirements of a file, without comments."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line)


def find_missing() -> MissingPackages:
    """Look at what is installed now."""
    importlib.invalidate_caches()
    requirements = tuple(text for text in read_requirements(requirements_file()) if not is_installed(text))
    return MissingPackages(requirements, torch=not is_installed(TORCH))


def is_installed(requirement: str) -> bool:
    """Whether a package is installed in a version that will do."""
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        version = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return version is not None and wanted.specifier.contains(version, prereleases=True)
