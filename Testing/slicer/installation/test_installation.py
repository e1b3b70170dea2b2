"""Installing what the engine needs: asked first, checked first, and explained when it fails."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest
import slicer

from HemorrhageUncertaintyLib.installation import (
    WHEELS_VARIABLE,
    Installation,
    InstallationDeclined,
    InstallationError,
    wheels_folder,
)
from HemorrhageUncertaintyLib.missing_packages import (
    MissingPackages,
    find_missing,
    is_installed,
    read_requirements,
    requirements_file,
)

EVERYTHING = MissingPackages(("nnunetv2>=2.6", "pydantic>=2.8"), torch=True)


class Computer:
    """A computer on which packages are missing; what is done to it is written down."""

    def __init__(self, missing=EVERYTHING, *, agrees=True, network=True):
        self.missing = missing
        self.done = []
        self.questions = []
        self.agrees = agrees
        self.network = network
        self.free = 100e9

    def installation(self, **others):
        """Return an installation on this computer."""
        functions = {
            "find": lambda: self.missing,
            "confirm": self.confirm,
            "pip": self.pip,
            "torch": self.torch,
            "pipOffline": self.pipOffline,
            "hasNetwork": lambda: self.network,
            "freeBytes": lambda: self.free,
        }
        return Installation(**(functions | others))

    def confirm(self, text):
        """Answer the question."""
        self.questions.append(text)
        return self.agrees

    def torch(self):
        """Install PyTorch."""
        self.done.append("torch")
        self.missing = MissingPackages(self.missing.requirements)

    def pip(self, requirements):
        """Install from the network."""
        self.done.append(requirements)
        self.missing = MissingPackages((), self.missing.torch)

    def pipOffline(self, requirements, folder):
        """Install from wheels."""
        self.done.append((requirements, folder))
        self.missing = MissingPackages()


@pytest.fixture
def wheels(tmp_path):
    (tmp_path / "pydantic-3.whl").touch()
    return tmp_path


def test_nothing_is_asked_when_nothing_is_missing():
    computer = Computer(MissingPackages())
    computer.installation().ensure()
    assert (computer.questions, computer.done) == ([], [])


def test_torch_first_and_the_question_names_everything_with_sizes():
    computer = Computer()
    computer.installation().ensure()
    assert computer.done == ["torch", ["nnunetv2>=2.6", "pydantic>=2.8"]]
    (question,) = computer.questions
    assert "PyTorch (about 0.8 GB" in question
    assert "nnunetv2, pydantic" in question
    assert "0.6 GB" in question


def test_declined_installs_nothing():
    computer = Computer(agrees=False)
    with pytest.raises(InstallationDeclined, match="press Segment again"):
        computer.installation().ensure()
    assert computer.done == []


def test_full_disk_is_told_before_asking():
    computer = Computer()
    computer.free = 1e9
    with pytest.raises(InstallationError, match="make room"):
        computer.installation().ensure()
    assert (computer.questions, computer.done) == ([], [])


def test_no_network_and_no_wheels():
    computer = Computer(network=False)
    with pytest.raises(InstallationError, match=WHEELS_VARIABLE):
        computer.installation().ensure()
    assert (computer.questions, computer.done) == ([], [])


def test_wheels_need_no_network(wheels):
    computer = Computer(network=False)
    computer.installation().ensure(wheels)
    assert computer.done == [(["torch>=2.6", "nnunetv2>=2.6", "pydantic>=2.8"], wheels)]
    assert str(wheels) in computer.questions[0]


def test_wheels_are_found_where_the_variable_says(wheels, monkeypatch):
    assert wheels_folder() is None
    monkeypatch.setenv(WHEELS_VARIABLE, str(wheels))
    assert wheels_folder() == wheels


def test_failure_shows_the_last_error_line_of_pip_and_what_to_do():
    def fail(requirements):
        print("Collecting nnunetv2\nERROR: No matching distribution found for nnunetv2>=2.6\n\nbye")
        raise subprocess.CalledProcessError(1, "pip install")

    with pytest.raises(InstallationError, match=r"No matching distribution found for nnunetv2>=2.6.*check the network") as caught:
        Computer().installation(pip=fail).ensure()
    assert "Collecting nnunetv2" in caught.value.detail


def test_what_is_still_missing_afterwards_is_named():
    with pytest.raises(InstallationError, match="still missing: nnunetv2"):
        Computer().installation(pip=lambda requirements: None).ensure()


def test_torch_without_the_pytorch_extension(monkeypatch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    computer = Computer()
    from HemorrhageUncertaintyLib import installation

    with pytest.raises(InstallationError, match="Extensions Manager"):
        computer.installation(torch=installation._torch).ensure()


@pytest.fixture
def slicers_installer(monkeypatch):
    """Slicer's installer, which writes down what it is asked."""
    calls = []
    module = types.ModuleType("slicer.packaging")
    module.pip_ensure = lambda requirements, **options: calls.append((requirements, options))
    module.pip_install = lambda requirements, **options: calls.append((requirements, options))
    monkeypatch.setitem(sys.modules, "slicer.packaging", module)
    monkeypatch.setattr(slicer, "packaging", module, raising=False)
    return calls


def test_slicers_installer_never_replaces_torch_or_simpleitk(slicers_installer):
    from HemorrhageUncertaintyLib import installation

    installation._pip(["pydantic>=2.8"])
    ((requirements, options),) = slicers_installer
    assert requirements == ["pydantic>=2.8"]
    assert {"torch", "torchvision", "SimpleITK"} <= set(options["skip_packages"])


def test_offline_asks_no_index(slicers_installer):
    from HemorrhageUncertaintyLib import installation

    installation._pipOffline(["pydantic>=2.8"], Path("/a folder"))
    assert slicers_installer == [(["--no-index", "--find-links", "/a folder", "pydantic>=2.8"], {})]


def test_what_is_installed_here_is_found_and_what_is_not_is_missed(tmp_path, monkeypatch):
    assert is_installed("numpy>=1")
    assert not is_installed("numpy>=999")
    assert not is_installed("a-package-that-nobody-has")
    file = tmp_path / "requirements.txt"
    file.write_text("# comment\n\nnumpy>=1  # there\na-package-that-nobody-has>=1\n")
    monkeypatch.setattr("HemorrhageUncertaintyLib.missing_packages.requirements_file", lambda: file)
    assert find_missing().requirements == ("a-package-that-nobody-has>=1",)


def test_list_of_packages_has_ranges_and_leaves_torch_to_its_extension():
    requirements = read_requirements(requirements_file())
    assert requirements
    for text in requirements:
        assert ">=" in text
        assert "==" not in text
        assert not text.startswith("torch")
