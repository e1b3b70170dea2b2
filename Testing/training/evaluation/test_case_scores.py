"""Scores of a case on disk."""

import struct
import zipfile

import pytest

from hemorrhage.errors import UnreadableInputError
from hemorrhage_training.evaluation.case_scores import CaseScores


@pytest.mark.parametrize("header", ["{'descr': '<U9', 'shape': (3,", "{'descr': '<U9', (]}", "  {'descr':\n 1}", "\x00", ""])
def test_a_header_that_is_no_python_is_damage(header, tmp_path):
    text = header.encode("latin1")
    path = tmp_path / "case.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("scalars.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)
    with pytest.raises(UnreadableInputError, match=r"case\.npz is damaged: delete it"):
        CaseScores.load(path, "")
