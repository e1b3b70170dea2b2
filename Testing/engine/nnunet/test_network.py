"""Windows, devices, precision, memory: what the network does when things are small, large or absent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import hemorrhage.nnunet.network as network_module
from harness.tiny_nnunet import random_weights, textured_ct, tiny_dataset, tiny_plans
from hemorrhage.device import choose_device
from hemorrhage.errors import ArgumentError, Interrupted, ResourceError
from hemorrhage.memory import available_memory_bytes, require_memory
from hemorrhage.nnunet import NNUNetNetwork, Windows
from hemorrhage.nnunet.compute_plan import ComputePlan
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage.nnunet.sliding_window import SlidingWindow
from hemorrhage.precision import Precision, choose_precision, cpu_has_bfloat16
from hemorrhage.sampling.deterministic import Deterministic
from hemorrhage.sampling.working_grid import WorkingGrid

CPU = torch.device("cpu")


def make(folds: int = 1, configuration: str = "3d_fullres", **options: object) -> NNUNetNetwork:
    flat = {"patch_size": (32, 32), "spacing": (1.0, 1.0)} if configuration == "2d" else {}
    plans, dataset = tiny_plans(configuration, **flat), tiny_dataset()
    weights = [random_weights(plans, dataset, configuration, seed) for seed in range(folds)]
    return NNUNetNetwork(read_plans(plans, dataset, configuration), weights, device="cpu", **options)  # type: ignore[arg-type]


class LimitedMemory(torch.nn.Module):
    """A network on a device that cannot hold more than `limit` voxels at once."""

    def __init__(self, limit: int, classes: int = 3, error: type[Exception] = torch.OutOfMemoryError) -> None:
        super().__init__()
        self.limit, self.classes, self.error = limit, classes, error
        self.seen: list[tuple[int, ...]] = []

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Return multiples of the input, or run out of memory."""
        self.seen.append(tuple(windows.shape))
        if windows.numel() > self.limit:
            raise self.error("CUDA out of memory (simulated)")
        return windows * torch.arange(self.classes).view(1, -1, *[1] * (windows.ndim - 2))


def test_logits_shape_dtype_and_probabilities():
    network = make(folds=2)
    data = torch.randn(2, 1, 10, 40, 36)
    logits = network.logits(data)
    assert (logits.shape, logits.dtype) == ((2, 3, 10, 40, 36), torch.float32)
    torch.testing.assert_close(network.probabilities(data).sum(1), torch.ones(2, 10, 40, 36))


def test_ensemble_is_the_mean_of_its_folds_logits():
    data = torch.randn(1, 1, 8, 32, 32)
    plans, dataset = tiny_plans(), tiny_dataset()
    read = read_plans(plans, dataset, "3d_fullres")
    weights = [random_weights(plans, dataset, "3d_fullres", seed) for seed in range(2)]
    single = [NNUNetNetwork(read, [one], device="cpu").logits(data) for one in weights]
    both = NNUNetNetwork(read, weights, device="cpu").logits(data)
    torch.testing.assert_close(both, (single[0] + single[1]) / 2)


@pytest.mark.parametrize("configuration", ["2d", "3d_fullres"])
def test_results_do_not_depend_on_the_batch(configuration):
    data = torch.randn(2, 1, 9, 40, 36, generator=torch.Generator().manual_seed(0))
    one = make(configuration=configuration, batch=1).logits(data)
    many = make(configuration=configuration, batch=5).logits(data)
    rounding = 1e-6 * float(one.abs().max())  # of the sums that the largest logits are made of; found: 4e-7 of it
    torch.testing.assert_close(one, many, atol=rounding, rtol=1e-5)
    torch.testing.assert_close(make(configuration=configuration).logits(data[1:]), one[1:], atol=rounding, rtol=1e-5)


def test_same_run_twice_is_bit_identical():
    data = torch.randn(1, 1, 12, 40, 40)
    network = make()
    assert torch.equal(network.logits(data), network.logits(data))


def test_windows_blend_a_pointwise_network_exactly():
    """Whatever the windows, a network without context must come out unchanged."""
    data = torch.randn(2, 1, 11, 45, 37)
    for window in (SlidingWindow((8, 32, 32)), SlidingWindow((16, 64, 64), pad_with_edge=True), SlidingWindow((32, 24), 7)):
        result = window(lambda w: torch.cat([w, 2 * w], 1), data, CPU, None)
        torch.testing.assert_close(result, torch.cat([data, 2 * data], 1), atol=1e-5, rtol=1e-5)


def test_whole_head_in_one_window():
    network = make(windows=Windows.WHOLE)
    network._networks = [LimitedMemory(10**9)]
    data = torch.randn(1, 1, 9, 41, 38)
    torch.testing.assert_close(network.logits(data)[:, 1], data[:, 0])
    assert network._networks[0].seen == [(1, 1, 10, 44, 40)], "one forward pass, padded to what the strides divide"


def test_out_of_memory_smaller_batches_then_smaller_windows():
    said: list[str] = []
    network = make(windows=Windows.WHOLE, batch=4, report=said.append)
    network._networks = [LimitedMemory(8 * 32 * 16)]
    data = torch.randn(4, 1, 16, 64, 64)
    torch.testing.assert_close(network.logits(data)[:, 2], 2 * data[:, 0], atol=1e-5, rtol=1e-5)
    assert ["2 window(s)" in said[0], "1 window(s)" in said[1]] == [True, True]
    assert "windows of 8 x 32 x 32" in said[2]
    assert "smaller windows of" in said[3]
    assert network.messages == said
    assert len(network._networks[0].seen) > 0
    before = len(said)
    network.logits(data)
    assert len(said) == before, "what was learnt is kept for the next samples"


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_out_of_memory_everywhere_is_a_resource_error(error):
    network = make()
    network._networks = [LimitedMemory(0, error=error)]
    with pytest.raises(ResourceError, match="memory"):
        network.logits(torch.randn(1, 1, 8, 32, 32))


def test_gpu_falls_back_to_the_cpu_last_with_the_first_windows():
    first = ComputePlan(torch.device("cuda", 0), Windows.WHOLE, (8, 32, 32), 2)
    plan, messages = first, []
    while (step := plan.smaller(first, (1, 4, 4))) is not None and plan.device.type == "cuda":
        plan, message = step
        messages.append(message)
    assert plan == ComputePlan(CPU, Windows.WHOLE, (8, 32, 32), 1)
    assert "CPU" in messages[-1]
    assert all("CPU" not in message for message in messages[:-1])


def test_other_errors_are_not_mistaken_for_memory():
    class Broken(torch.nn.Module):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("shapes do not match")

    network = make()
    network._networks = [Broken()]
    with pytest.raises(RuntimeError, match="shapes do not match"):
        network.logits(torch.randn(1, 1, 8, 32, 32))


def test_stop_request_is_heard_between_windows():
    asked = iter([False, False, True])
    with pytest.raises(Interrupted):
        make(should_stop=lambda: next(asked)).logits(torch.randn(1, 1, 16, 64, 64))


def test_run_that_cannot_fit_is_refused_before_it_starts(monkeypatch):
    network = make(windows=Windows.WHOLE)
    ct = textured_ct((12, 64, 64), (5.0, 1.0, 1.0))
    fixed, window = (getattr(network, name)(network.grid(ct)) for name in ("_fixed_bytes", "_window_bytes"))
    monkeypatch.setattr(network_module, "available_memory_bytes", lambda: fixed + window - 1)
    network.prepare(ct)
    assert network.compute_plan.windows is Windows.TRAINED
    assert "windows" in network.messages[0]
    monkeypatch.setattr(network_module, "available_memory_bytes", lambda: 10_000)
    with pytest.raises(ResourceError, match="12 x 64 x 64"):
        network.prepare(ct)


def test_memory_of_this_machine():
    available = available_memory_bytes()
    assert available is None or available > 2**20
    require_memory(1, "a byte")
    with pytest.raises(ResourceError, match=r"needs about 2\.0 GiB of memory, but only 1\.0 GiB are free"):
        require_memory(2 * 2**30, "this", 2**30)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cuda:-1", "mps:cpu"])
def test_unknown_devices(name):
    with pytest.raises(ArgumentError, match="unknown"):
        choose_device(name)


def test_cuda_that_is_not_there():
    assert choose_device("cpu") == CPU
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ArgumentError, match=r"cuda|CUDA"):
        choose_device("cuda:99")


def test_precision_follows_the_device(tmp_path):
    assert choose_precision(torch.device("cuda", 0)) is Precision.FLOAT16
    (tmp_path / "new").write_text("processor: 0\nflags\t\t: fpu avx512_bf16 amx_tile\n")
    (tmp_path / "old").write_text("processor: 0\nflags\t\t: fpu avx2\n")
    assert cpu_has_bfloat16(tmp_path / "new")
    assert not cpu_has_bfloat16(tmp_path / "old")
    assert not cpu_has_bfloat16(tmp_path / "absent")


def test_bfloat16_is_close_to_float32_and_stock_prediction_never_uses_it():
    data = torch.randn(1, 1, 8, 32, 32)
    full, reduced = make(precision=Precision.FLOAT32), make(precision=Precision.BFLOAT16)
    difference = (full.probabilities(data) - reduced.probabilities(data)).abs()
    assert 0 < difference.mean() < 0.02
    ct = textured_ct((8, 32, 32), (5.0, 1.0, 1.0))
    (a,), (b,) = Deterministic(full).draw(ct), Deterministic(reduced).draw(ct)
    assert torch.equal(a.probabilities, b.probabilities)


def test_deterministic_has_one_sample():
    with pytest.raises(ArgumentError, match="1 sample"):
        next(Deterministic(make()).draw(textured_ct((8, 32, 32), (5.0, 1.0, 1.0)), 3, 0))


def test_head_box_is_what_is_computed():
    hu = np.full((10, 100, 100), -1000, np.float32)
    hu[:, 30:80, 20:70] = 40
    ct = textured_ct((10, 100, 100), (5.0, 2.0, 2.0))
    object.__setattr__(ct, "hu", hu)
    network = make()
    assert network.prepare(ct).data[0].numel() < 0.75 * network.prepare(ct, box=False).data[0].numel()


@pytest.mark.parametrize("transpose", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_working_grid_back_to_the_ct(transpose):
    """A linear ramp survives resampling away from the box's border; outside is what was asked for."""
    ct_shape = (12, 20, 18)
    box = tuple((2, ct_shape[axis] - 1) for axis in transpose)
    lengths = tuple(stop - start for start, stop in box)
    shape = tuple(2 * n for n in lengths)
    grid = WorkingGrid(ct_shape, transpose, box, shape, (1.0, 1.0, 1.0))
    positions = [(np.arange(m) + 0.5) * n / m - 0.5 + start for m, n, (start, _) in zip(shape, lengths, box, strict=True)]
    ramps = torch.from_numpy(np.stack(np.meshgrid(*positions, indexing="ij"))).float()
    back = grid.to_ct(ramps, torch.tensor([-1.0, -2.0, -3.0]))
    assert back.shape == (3, *ct_shape)
    expected = np.indices(ct_shape)
    for k, axis in enumerate(transpose):
        assert (back[k, 0] == -1.0 - k).all()
        np.testing.assert_allclose(back[k, 4:-3, 4:-3, 4:-3], expected[axis, 4:-3, 4:-3, 4:-3], atol=1e-4)
    exact = grid.without_resampling()
    values = torch.randn(1, *exact.shape)
    inside = exact.to_ct(values)[0].numpy().transpose(transpose)[tuple(slice(*limits) for limits in box)]
    np.testing.assert_array_equal(inside, values[0].numpy())
    with pytest.raises(ValueError, match="not on this working grid"):
        grid.to_ct(torch.zeros(1, 2, 2, 2))


def test_run_time_does_not_import_training_code():
    import subprocess
    import sys

    code = (
        "import sys; from harness.tiny_nnunet import *; from hemorrhage.nnunet import *; "
        "p, d = tiny_plans(), tiny_dataset(); r = read_plans(p, d, '3d_fullres'); "
        "n = NNUNetNetwork(r, [random_weights(p, d, '3d_fullres', 0)], device='cpu'); "
        "n.prepare(textured_ct((8, 32, 32), (4., 1., 1.)), box=False); n.logits(torch.zeros(1, 1, 8, 32, 32)); "
        "unwanted = 'timm', 'torchvision', 'nnunetv2.training', 'nnunetv2.inference.predict_from_raw_data'; "
        "print([m for m in unwanted if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_environment(), check=False)
    assert result.stdout.strip().endswith("[]"), result.stdout + result.stderr


def _environment() -> dict[str, str]:
    import os
    import sys

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
