"""What SLEX-Net costs against its bare backbone, and against as many passes as Monte-Carlo dropout takes.

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
from hemorrhage.device import choose_device
from hemorrhage.precision import choose_precision
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.aggregation import aggregate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=16)
    parser.add_argument("--channels", type=int, nargs="+", default=[16, 32, 64, 128, 128])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--dropout-passes", type=int, default=50)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    precision = choose_precision(device)
    settings = SlexNetSettings(classes=["background", "hemorrhage"], channels=arguments.channels)
    network = random_slexnet(settings).to(device)
    slices = torch.randn(arguments.slices, 1, settings.image_size, settings.image_size, device=device)

    def backbone() -> None:
        for part in slices.split(arguments.batch):
            network.backbone(part).float().softmax(1)

    def slexnet() -> None:
        own, *expanded = network.hypotheses(slices, arguments.batch)
        aggregate(own, expanded, settings)

    seconds: dict[str, list[float]] = {"backbone": [], "slexnet": []}
    with torch.inference_mode(), precision.autocast(device):
        backbone(), slexnet()
        for _ in range(arguments.repeats):
            seconds["backbone"].append(_timed(backbone, device))
            seconds["slexnet"].append(_timed(slexnet, device))
    bare, whole = (statistics.median(seconds[name]) for name in ("backbone", "slexnet"))
    print(f"{device}, {precision.value}, {arguments.slices} slices, channels {arguments.channels}, batch {arguments.batch}")
    print(f"backbone {1000 * bare / arguments.slices:.2f} ms a slice, SLEX-Net {1000 * whole / arguments.slices:.2f} ms a slice")
    print(f"SLEX-Net takes {whole / bare:.2f} x the bare backbone")
    print(
        f"{arguments.dropout_passes} passes of the backbone would take {arguments.dropout_passes * bare / whole:.1f} x SLEX-Net"
    )


def _timed(run: Callable[[], None], device: torch.device) -> float:
    start = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
