"""Where models lie: those that came with the program, and those of the user."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

#: Environment variable that names the folder of the user's models.
MODELS_VARIABLE = "HEMORRHAGE_MODELS"
#: The embedded model that ``default`` stands for.
DEFAULT_NAME = "simulated-nnunet"
#: The embedded model that ``fast`` stands for: three predictions of a CT from one pass over its slices, without subtypes.
FAST_NAME = "simulated-slexnet"
#: Short names of embedded models.
ALIASES = {"default": DEFAULT_NAME, "fast": FAST_NAME}


class Origin(StrEnum):
    """Where a model comes from."""

    EMBEDDED = "embedded"
    USER = "user"


def embedded_folder() -> Path | None:
    """Return the folder of the models that came with the program: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    candidates = (
        package / "resources" / "Models",
        package.parent / "Resources" / "Models",
        package.parents[1] / "Resources" / "Models",
    )
    return next((folder for folder in candidates if folder.is_dir()), None)


def user_folder() -> Path:
    """Return the folder of the user's own models, which may not exist yet."""
    chosen = os.environ.get(MODELS_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "hemorrhage-uncertainty" / "models"
