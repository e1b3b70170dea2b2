"""What tests of display and reading share: a result of the phantom in the scene, with its tables."""

import pytest

from harness.result_in_scene import add_result
from HemorrhageUncertaintyLib.tables import makeTables


@pytest.fixture
def result(tmp_path):
    """A result of the phantom (IPH on the patient's left, SDH and SAH on the right), with its tables."""
    found = add_result(tmp_path / "files")
    makeTables(found)
    return found
