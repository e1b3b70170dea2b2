"""Doubles of `slicer.i18n` and `slicer.packaging`."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer


def translate(context: str, text: str) -> str:
    """The text itself: the stand-in speaks English."""
    return text


def tr(text: str) -> str:
    """The text itself: the stand-in speaks English.

    Raises
    ------
    TypeError
        If it is not a text, as in the application.
    """
    if not isinstance(text, str):
        raise TypeError(f"only a text can be translated, not {text!r}")
    return text


@dataclass
class Installations:
    """What was to be installed. Nothing is ever installed.

    Attributes
    ----------
    requested : list of (requirements, requester)
        One entry for each call outside of testing mode.
    """

    requested: list[tuple[list[str], str | None]] = field(default_factory=list)


installations = Installations()


def load_requirements(path: str | Path) -> list[Any]:
    """The requirements in a file, as `packaging.requirements.Requirement`."""
    from packaging.requirements import Requirement

    lines = (line.partition("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def pip_check(requirement: Any) -> bool:
    """Whether a requirement, or each of several, is fulfilled; the requirements of what it installs are not followed."""
    if isinstance(requirement, list | tuple):
        return all(pip_check(one) for one in requirement)
    try:
        return bool(requirement.specifier.contains(metadata.version(requirement.name), prereleases=True))
    except metadata.PackageNotFoundError:
        return False


def pip_ensure(
    requirements: list[Any],
    constraints: str | Path | None = None,
    skip_packages: list[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> list[str] | None:
    """Note what is missing; do nothing in testing mode, as the application."""
    missing = [str(requirement) for requirement in requirements if not pip_check(requirement)]
    if missing and not (skip_in_testing and slicer.app.testingEnabled()):
        installations.requested.append((missing, requester))
    return None


def i18n_module() -> ModuleType:
    """What `slicer.i18n` is."""
    module = ModuleType("slicer.i18n")
    module.tr, module.translate = tr, translate  # type: ignore[attr-defined]
    return module


def packaging_module() -> ModuleType:
    """What `slicer.packaging` is."""
    module = ModuleType("slicer.packaging")
    for function in (load_requirements, pip_check, pip_ensure):
        setattr(module, function.__name__, function)
    return module
