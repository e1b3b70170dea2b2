"""Keeping freed memory: in a process of its own, because it cannot be undone."""

import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, sys
import torch
from hemorrhage.page_reuse import reuse_freed_memory
if sys.argv[1] == "reuse":
    assert reuse_freed_memory()
convolutions = torch.nn.Sequential(*[torch.nn.Conv3d(1 if i == 0 else 16, 16, 3, padding=1) for i in range(3)])
volume = torch.zeros(1, 1, 16, 192, 192)  # feature maps of 38 MB: above what the C library would keep by itself
with torch.inference_mode():
    for _ in range(2):
        convolutions(volume)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(2):
        convolutions(volume)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_used_again():
    """A convolutional network that runs again pays for its pages once."""
    faults = {
        mode: int(subprocess.run([sys.executable, "-c", COUNT_FAULTS, mode], capture_output=True, text=True, check=True).stdout)
        for mode in ("plain", "reuse")
    }
    assert faults["reuse"] < faults["plain"] / 3 or faults["plain"] < 2000  # huge pages hide the difference


def test_elsewhere_it_does_nothing(monkeypatch):
    from hemorrhage.page_reuse import reuse_freed_memory

    monkeypatch.setattr(sys, "platform", "win32")
    assert not reuse_freed_memory()
