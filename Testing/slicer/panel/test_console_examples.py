"""The examples for the Python console in the module's documentation, run as they stand there."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
import slicer

from harness.event_loop import wait_until
from harness.result_in_scene import add_ct
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.side_by_side import SideBySide
from HemorrhageUncertaintyLib.table_node import columnValues

DOCUMENT = Path(__file__).resolve().parents[3] / "HemorrhageUncertainty" / "Documentation" / "README.md"


def examples(folder: Path) -> list[str]:
    """The examples in their order, with the folders that they name below a folder of the test."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Python console")[2].partition("\n## ")[0]
    found = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [re.sub(r"\"/(tmp|data|results)\b", lambda match: f'"{(folder / match[1]).as_posix()}', text) for text in found]


@pytest.fixture
def console(live_panel, tmp_path):
    """Return `console(part)`: runs the one example that holds a text, as a user would type it, and returns all names."""
    live_panel()
    add_ct(synthetic_segmentation(), "SimulatedHeadCT")
    names: dict = {"slicer": slicer}  # as in the console
    first, *_others = examples(tmp_path)
    exec(first, names)

    def run(part):
        (text,) = [text for text in examples(tmp_path) if part in text]
        exec(text, names)
        return names

    run.names = names
    return run


def test_waiting(console, tmp_path, capsys):
    result = console.names["result"]
    assert result == HemorrhageResult.all()[0]
    assert (tmp_path / "tmp" / "report.html").is_file()
    assert (tmp_path / "tmp" / "result" / "labels.nrrd").is_file()
    assert console.names["entropy"].max() > 0
    console("logic.results():")
    assert result.name in capsys.readouterr().out


def test_without_waiting(console):
    run = console("run.cancel()")["run"]
    assert run.state.name == "CANCELLED"
    assert run.options.device == "cpu"


def test_many_cts(console, tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("one", "two é"):
        slicer.util.saveNode(slicer.util.getNode("SimulatedHeadCT"), str(tmp_path / "data" / f"{name}.nrrd"))
    console("glob")
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"one", "two é"}
    assert HemorrhageResult.all() == []


def test_two_cts(console):
    console.names["logic"].segment(add_ct(synthetic_segmentation(), "later"))
    table = console("logic.compare(")["table"]
    assert columnValues(table, "subtype")[-1] == "total"


def test_two_methods(console, capsys):
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    names = console("compareMethods")
    wait_until(lambda: not slicer.util.getModuleWidget("HemorrhageUncertainty").sideBySide.isBusy)
    assert names["a"].procedure.method == "tta"
    assert names["b"].procedure.method == "deterministic"
    assert (names["difference"] == 0).all()  # the double of the engine says the same by whichever method
    assert SideBySide.current() is None
    assert "total 1.0" in capsys.readouterr().out


def test_simulating(console, monkeypatch):
    from hemorrhage import simulation

    monkeypatch.setattr(simulation, "simulate_head_ct", partial(simulation.simulate_head_ct, shape=(16, 96, 96)))
    assert console("loadSimulatedCT")["ct"].GetImageData().GetDimensions() == (96, 96, 16)


def test_every_example_is_run():
    parts = ("saveReport", "run.cancel()", "logic.results():", "glob", "logic.compare(", "compareMethods", "loadSimulatedCT")
    assert len(examples(Path())) == len(parts)
