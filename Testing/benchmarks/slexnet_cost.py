"""What SLEX-Net costs against its bare backbone, and against Monte-Carlo dropout on the same backbone.

Run from the project's folder: ``python Testing/benchmarks/slexnet_cost.py``. Random weights; the measures are repeated by turns
and their medians compared. Reading, preparation and writing are not in it: they are the same for all.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.tiny_slexnet import random_slexnet
from harness.tiny_slicenet import random_slice_net
from hemorrhage.device import choose_device
from hemorrhage.precision import choose_precision
from hemorrhage.sampling.channel_dropout import channels_dropped
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.aggregation import aggregate
from hemorrhage.slicenet import SliceNetSettings


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=16)
    parser.add_argument("--channels", type=int, nargs="+", default=[16, 32, 64, 128, 128])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--dropout-passes", type=int, default=50)
    parser.add_argument("--dropout-repeats", type=int, default=2, help="Turns that dropout takes part in; it is the slow one.")
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    precision = choose_precision(device)
    settings = SlexNetSettings(classes=["background", "hemorrhage"], channels=arguments.channels)
    network = random_slexnet(settings).to(device)
    dropped = random_slice_net(SliceNetSettings(classes=settings.classes, channels=arguments.channels, dropout=0.2)).to(device)
    slices = torch.randn(arguments.slices, 1, settings.image_size, settings.image_size, device=device)

    def backbone() -> None:
        for part in slices.split(arguments.batch):
            network.backbone(part).float().softmax(1)

    def slexnet() -> None:
        own, *expanded = network.hypotheses(slices, arguments.batch)
        aggregate(own, expanded, settings)

    def dropout() -> None:
        for index in range(arguments.dropout_passes):
            with channels_dropped([dropped], 0, index):
                for part in slices.split(arguments.batch):
                    dropped(part).float().softmax(1)

    methods = {"backbone": backbone, "slexnet": slexnet, "dropout": dropout}
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    with torch.inference_mode(), precision.autocast(device):
        backbone(), slexnet()
        for turn in range(arguments.repeats):
            for name, method in methods.items():
                if name != "dropout" or turn < arguments.dropout_repeats:
                    seconds[name].append(_timed(method, device))
    bare, whole, passes = (statistics.median(seconds[name]) for name in methods)
    print(f"{device}, {precision.value}, {arguments.slices} slices, channels {arguments.channels}, batch {arguments.batch}")
    print(f"backbone {1000 * bare / arguments.slices:.2f} ms a slice, SLEX-Net {1000 * whole / arguments.slices:.2f} ms a slice")
    print(f"SLEX-Net takes {whole / bare:.2f} x the bare backbone")
    print(f"Monte-Carlo dropout with {arguments.dropout_passes} passes takes {passes / whole:.1f} x SLEX-Net")


def _timed(run: Callable[[], None], device: torch.device) -> float:
    """Return seconds; on a CPU those that its processors worked, which other programs do not change much."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    start = clock()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - start


if __name__ == "__main__":
    main()
