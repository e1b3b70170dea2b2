"""Installs what the engine needs, after asking, when a segmentation is first started; nothing at import.

PyTorch comes through the PyTorch extension, which finds the build that fits the computer (and imports it once to check it);
everything else through Slicer's own package installer, which never touches Slicer's own SimpleITK. Where there is no network,
wheels in a folder are enough.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path

from slicer.i18n import tr as _

from .engine_command import module_folder
from .missing_packages import TORCH, TORCH_GPU_MB, MissingPackages, find_missing
from .pip_output import last_lines

#: Environment variable that names a folder of wheels, for computers without a network.
WHEELS_VARIABLE = "HEMORRHAGE_WHEELS"
_REQUESTER = "HemorrhageUncertainty"
_INDEX = "https://pypi.org/simple/pip/"
_NETWORK_TIMEOUT_S = 5.0
#: What Slicer brings in its own build, or the PyTorch extension installs: never through pip.
_NOT_THROUGH_PIP = ["torch", "torchvision", "SimpleITK"]


class InstallationError(RuntimeError):
    """The packages could not be installed; the message says why and what to do.

    Attributes
    ----------
    detail : str
        What pip printed last; may be empty.
    """

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


class InstallationDeclined(InstallationError):
    """The user does not want anything to be installed."""


class Installation:
    """Checks and installs.

    Parameters
    ----------
    find : callable
        Returns `MissingPackages`.
    confirm : callable, optional
        Asks the user; gets a text, returns whether to go on. By default Slicer's dialog.
    pip : callable, optional
        Installs a list of requirements from the network.
    torch : callable, optional
        Installs PyTorch from the network.
    pipOffline : callable, optional
        Installs a list of requirements from a folder of wheels: ``pipOffline(requirements, folder)``.
    hasNetwork : callable, optional
        Whether packages can be downloaded.
    freeBytes : callable, optional
        Returns the free disk where packages are installed.
    """

    def __init__(
        self,
        *,
        find: Callable[[], MissingPackages] = find_missing,
        confirm: Callable[[str], bool] | None = None,
        pip: Callable[[list[str]], None] | None = None,
        torch: Callable[[], None] | None = None,
        pipOffline: Callable[[list[str], Path], None] | None = None,
        hasNetwork: Callable[[], bool] | None = None,
        freeBytes: Callable[[], int] | None = None,
    ) -> None:
        self._find = find
        self._confirm = confirm or _confirm
        self._pip = pip or _pip
        self._torch = torch or _torch
        self._pipOffline = pipOffline or _pipOffline
        self._hasNetwork = hasNetwork or _reachesIndex
        self._freeBytes = freeBytes or _freeBytes

    def ensure(self, wheels: Path | None = None) -> None:
        """Install what is missing, after asking; returns at once if nothing is.

        Parameters
        ----------
        wheels : Path, optional
            Folder of wheels to install from instead of the network; by default the one that `WHEELS_VARIABLE` names, or
            ``Resources/Wheels`` of the module if it exists.

        Raises
        ------
        InstallationDeclined
            The user said no.
        InstallationError
            No space, no network, no permission, or pip failed.
        """
        missing = self._find()
        if not missing:
            return
        wheels = wheels or wheels_folder()
        self._requireDisk(missing)
        if wheels is None and not self._hasNetwork():
            sentence = _(
                "The packages that are needed cannot be downloaded, because {index} cannot be reached: connect to the network, "
                "or put the wheels in a folder and name it in the environment variable {variable} before 3D Slicer is started."
            )
            raise InstallationError(sentence.format(index="pypi.org", variable=WHEELS_VARIABLE))
        if not self._confirm(_question(missing, wheels)):
            raise InstallationDeclined(_("Nothing was installed: press Segment again when the packages may be installed."))
        self._install(missing, wheels)
        importlib.invalidate_caches()
        left = self._find()
        if left:
            names = ", ".join([*left.requirements, *([TORCH] if left.torch else [])])
            sentence = _("These packages are still missing: {names}. Restart 3D Slicer and press Segment again.")
            raise InstallationError(sentence.format(names=names))

    def _install(self, missing: MissingPackages, wheels: Path | None) -> None:
        requirements = list(missing.requirements)
        with last_lines() as printed:
            try:
                if wheels is not None:
                    self._pipOffline([TORCH, *requirements] if missing.torch else requirements, wheels)
                    return
                if missing.torch:
                    self._torch()
                if requirements:
                    self._pip(requirements)
            except InstallationError:
                raise
            except Exception as error:
                reason = printed.error or str(error)
                sentence = _("The packages could not be installed ({reason}): {advice}")
                advice = _(
                    "check the network and the proxy, or restart 3D Slicer and press Segment again."
                    if wheels is None
                    else "check that all wheels for this version of Python are in the folder, and press Segment again."
                )
                raise InstallationError(sentence.format(reason=reason, advice=advice), printed.text) from error

    def _requireDisk(self, missing: MissingPackages) -> None:
        free = self._freeBytes()
        if free < 1.2e6 * missing.disk_mb:
            sentence = _(
                "{needed:.1f} GB of disk are needed for Python packages and {free:.1f} GB are free: make room, and press Segment "
                "again."
            )
            raise InstallationError(sentence.format(needed=1.2e-3 * missing.disk_mb, free=free / 1e9))


def wheels_folder() -> Path | None:
    """Return the folder of wheels that somebody put there for computers without a network, or None."""
    chosen = os.environ.get(WHEELS_VARIABLE)
    candidates = [Path(chosen).expanduser()] if chosen else []
    candidates.append(module_folder() / "Resources" / "Wheels")
    return next((folder for folder in candidates if folder.is_dir() and any(folder.glob("*.whl"))), None)


def _reachesIndex() -> bool:
    """Whether the package index answers; a site with an index of its own is believed to reach it."""
    if any(name in os.environ for name in ("PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_NO_INDEX")):
        return True
    import urllib.request

    request = urllib.request.Request(_INDEX, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_NETWORK_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False


def _question(missing: MissingPackages, wheels: Path | None) -> str:
    names = [text.partition(">")[0] for text in missing.requirements]
    lines = [_("The engine that segments needs Python packages that are not installed yet:")]
    if missing.torch:
        lines.append(
            _("PyTorch (about {cpu:.1f} GB on disk; up to {gpu:.0f} GB for an NVIDIA GPU)").format(
                cpu=0.8, gpu=TORCH_GPU_MB / 1000
            )
        )
    if names:
        lines.append(_("{names} and what they need (about {size:.1f} GB on disk)").format(names=", ".join(names), size=0.6))
    lines.append(
        _("They come from {source}. No data of yours is sent anywhere.").format(source=wheels or "pypi.org, pytorch.org")
    )
    lines.append(_("Install them now? The segmentation starts by itself afterwards."))
    return "\n\n".join(lines)


def _confirm(text: str) -> bool:
    import slicer

    return bool(slicer.util.confirmOkCancelDisplay(text, windowTitle=_("Install Python packages")))


def _freeBytes() -> int:
    return shutil.disk_usage(sysconfig.get_path("purelib")).free


def _torch() -> None:
    """Install PyTorch with the extension for it; the user has agreed already."""
    try:
        import PyTorchUtils
    except ImportError as error:
        sentence = _(
            "PyTorch is installed by the extension “PyTorch”: install that in the Extensions Manager, and restart 3D Slicer."
        )
        raise InstallationError(sentence) from error
    requirement = TORCH.removeprefix("torch")
    if PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=False, torchVersionRequirement=requirement) is None:
        raise InstallationError(_("PyTorch was not installed: try the module “PyTorch Utils”, then press Segment again."))


def _pip(requirements: list[str]) -> None:
    """Install from the network with Slicer's installer, in the way that the running version offers."""
    import slicer

    try:
        from slicer.packaging import pip_ensure
    except ImportError:
        slicer.util.pip_install(requirements)
        return
    # No prompt to restart: the engine is a process of its own and imports the packages anew.
    pip_ensure(requirements, skip_packages=_NOT_THROUGH_PIP, prompt_install=False, prompt_restart=False, requester=_REQUESTER)


def _pipOffline(requirements: list[str], folder: Path) -> None:
    import slicer

    slicer.util.pip_install(["--no-index", "--find-links", str(folder), *requirements])
