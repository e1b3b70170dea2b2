"""Running stacks of slices: smaller batches when memory runs out, and the way back from the network's squares."""

import pytest
import torch

from hemorrhage.errors import Interrupted, ResourceError
from hemorrhage.slices import SliceSettings
from hemorrhage.slices.slice_stack_network import SliceStackNetwork

SETTINGS = SliceSettings(classes=["background", "hemorrhage"], channels=[4, 8], image_size=32)


class Copying(SliceStackNetwork):
    """Says the normalized slice itself, in batches of at most `largest` slices."""

    def __init__(self, largest, **options):
        super().__init__(SETTINGS, device="cpu", batch=8, **options)
        self.largest, self.tried = largest, []

    def said(self, data):
        """One map per slice."""

        def run(slices, batch):
            self.tried.append(batch)
            self.stop_if_asked()
            if batch > self.largest:
                raise torch.OutOfMemoryError("no memory")
            return (slices,)

        return self._run(data, run)[0]


def slices(rows=20, columns=24):
    return torch.rand(1, 5, rows, columns, generator=torch.Generator().manual_seed(0))


def test_smaller_batches_when_memory_runs_out():
    said = []
    network = Copying(2, report=said.append)
    found = network.said(slices())
    assert network.tried == [8, 4, 2]
    assert said == network.messages
    assert said[-1] == "the memory of cpu ran out: continuing with 2 slices at once"
    assert torch.equal(found, Copying(8).said(slices()))
    network.said(slices())
    assert network.tried[3:] == [2]
    network.start_run()
    network.said(slices())
    assert network.tried[4:] == [8, 4, 2]
    assert network.messages[0].endswith("4 slices at once")


def test_not_even_one_slice_fits():
    with pytest.raises(ResourceError, match="cannot hold one slice"):
        Copying(0).said(slices())


def test_maps_come_back_where_the_slices_were():
    data = slices()
    found = Copying(8).said(data)
    assert found.shape == data.shape
    for each, original in zip(found[0], data[0], strict=True):
        assert torch.corrcoef(torch.stack([each.flatten(), original.flatten()]))[0, 1] == pytest.approx(1, abs=1e-5)


def test_stops_when_asked():
    with pytest.raises(Interrupted):
        Copying(8, should_stop=lambda: True).said(slices())
