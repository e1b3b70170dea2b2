"""The remaining commands, run in this process."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

import hemorrhage
from hemorrhage.commands import main


@pytest.fixture
def user_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user"
    monkeypatch.setenv("HEMORRHAGE_MODELS", str(folder))
    return folder


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    return int(ended.value.code or 0)


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"hemorrhage {hemorrhage.__version__}\n"


@pytest.mark.parametrize("command", ["segment", "demo", "simulate", "models"])
def test_every_command_has_help(command, capsys):
    assert run(command, "--help") == 0
    assert "hemorrhage " + command in capsys.readouterr().out


def test_models_come_and_go(tiny_model, user_models, capsys):
    assert run("models", "import", tiny_model) == 0
    assert (user_models / "tiny" / "model.json").is_file()
    capsys.readouterr()
    assert run("models", "list") == 0
    assert "tiny" in capsys.readouterr().out
    assert run("models", "info", "tiny") == 0
    assert json.loads(capsys.readouterr().out)["card"]["classes"] == ["background", "IPH", "SDH"]
    assert run("models", "verify", "tiny") == 0
    assert run("models", "import", tiny_model) == 3
    assert "already" in capsys.readouterr().err
    assert run("models", "remove", "tiny") == 0
    assert not (user_models / "tiny").exists()
    assert run("models", "remove", "tiny") == 3


def test_damaged_model_is_found(tiny_model, user_models, tmp_path, capsys):
    copy = Path(shutil.copytree(tiny_model, tmp_path / "copy"))
    (copy / "plans.json").write_text("{}")
    assert run("models", "verify", copy) == 3
    error = capsys.readouterr().err
    assert "altered" in error
    assert len(error.splitlines()) == 1


def test_simulate_refuses_an_existing_folder(tmp_path, capsys):
    (tmp_path / "there").mkdir()
    assert run("simulate", "-o", tmp_path / "there") == 2
    assert "exists" in capsys.readouterr().err


def test_unexpected_failure_is_one_sentence(monkeypatch, capsys):
    def fail() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("hemorrhage.models.list_models", fail)
    assert run("models", "list") == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "ZeroDivisionError: a bug" in error
    monkeypatch.setenv("HEMORRHAGE_DEBUG", "1")
    assert run("models", "list") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), 4),
        (OSError(28, "No space left on device"), 4),
        (PermissionError(13, "Permission denied", "x"), 2),
        (NotADirectoryError(20, "Not a directory", "x/y"), 2),
    ],
)
def test_failures_of_the_machine(monkeypatch, capsys, error, code):
    def fail() -> None:
        raise error

    monkeypatch.setattr("hemorrhage.models.list_models", fail)
    assert run("models", "list") == code
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.fixture
def small_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated CTs of few voxels."""
    from hemorrhage.simulation import head_ct_simulation, simulate_head_ct

    small = partial(simulate_head_ct, shape=(18, 64, 64), pixel_mm=3.6, slice_thickness_mm=9.0)

    def simulate(seed: int, **options: object) -> object:
        options.pop("shape", None)
        return small(seed, **options)

    monkeypatch.setattr("hemorrhage.simulation.simulate_head_ct", simulate)
    monkeypatch.setattr(head_ct_simulation, "simulate_head_ct", simulate)
    monkeypatch.setattr("hemorrhage.page_reuse.reuse_freed_memory", lambda: False)


@pytest.mark.usefixtures("small_simulation")
def test_simulate_writes_a_data_set(tmp_path, capsys):
    assert run("simulate", "-o", tmp_path / "set", "--cases", 1, "--raters", 2, "--progress", "none") == 0
    assert "1 simulated case" in capsys.readouterr().out
    names = {str(path.relative_to(tmp_path / "set")) for path in (tmp_path / "set").rglob("*.nii.gz")}
    assert len(names) == 4
    assert (tmp_path / "set" / "dataset.json").is_file()


@pytest.mark.usefixtures("small_simulation")
def test_demo_compares_with_what_was_simulated(tiny_model, tmp_path, capsys):
    out = tmp_path / "demo"
    arguments = ("demo", "-o", out, "--model", tiny_model, "--samples", 1, "--device", "cpu")
    assert run(*arguments, "--progress", "json") == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["volumes"]["total"]["truth_ml"] > 0
    assert {"report.html", "simulated_ct.nii.gz", "simulated_labels.nii.gz"} <= {path.name for path in out.iterdir()}
    assert run(*arguments) == 2
    capsys.readouterr()
    assert run(*arguments, "--overwrite") == 0
    text = capsys.readouterr().out
    assert "simulated mL" in text
    assert str(out / "report.html") in text
