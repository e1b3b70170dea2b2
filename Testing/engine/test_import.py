"""``import hemorrhage`` and ``hemorrhage --help`` stay cheap: nothing heavy is imported before it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import hemorrhage

HEAVY = ["torch", "SimpleITK", "matplotlib", "scipy", "skimage", "monai", "nnunetv2", "pydicom", "pydantic"]


def imported_by(code: str) -> set[str]:
    """Return which of HEAVY a fresh interpreter has imported after running `code`."""
    script = f"import sys, json\n{code}\nprint('\\n' + json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return set(json.loads(output.strip().splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import hemorrhage",
        "from hemorrhage import HeadCT, HemorrhageClass",
        "import hemorrhage.commands.app",
        "from hemorrhage.commands import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_cheap(code):
    assert imported_by(code) <= ({"pydantic"} if "commands" in code else set())


def test_public_names_can_be_had():
    for name in hemorrhage.__all__:
        assert getattr(hemorrhage, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = hemorrhage.nonsense


def test_segment_stays_a_function():
    """A module of the same name would take the function's place once imported."""
    first = hemorrhage.segment
    assert callable(first)
    assert hemorrhage.segment is first
