"""The smallest 2D method that the shared training base carries: one convolution, its own loss, its own prediction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from hemorrhage.slices import SliceSettings
from hemorrhage_training.datasets.raw_cases import open_raw_cases
from hemorrhage_training.slices.data_module import SliceDataModule
from hemorrhage_training.slices.run import FinishedRun, run_training_loop
from hemorrhage_training.slices.settings import MachineSettings, OptimizationSettings, SamplingSettings
from hemorrhage_training.slices.slice_store import SliceStore
from hemorrhage_training.slices.slice_training import SliceTraining

TRAINING = OptimizationSettings(epochs=2, rate=0.01)


class ToyTraining(SliceTraining):
    """Mean squared error of a convolution's softmax, and a penalty for large weights."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(1, 3, 3, padding=1), 3, TRAINING)

    def losses(self, images: torch.Tensor, labels: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Return two losses."""
        wanted = nn.functional.one_hot(labels[:, 0], 3).movedim(-1, 1)
        penalty = torch.stack([(p**2).sum() for p in self.network.parameters()]).sum()
        return {"square": ((self.predict_stack(images) - wanted) ** 2).mean(), "penalty": 1e-3 * penalty}

    def predict_stack(self, slices: torch.Tensor) -> torch.Tensor:
        """Return the softmax."""
        probabilities: torch.Tensor = self.network(slices).softmax(1)
        return probabilities


def train_toy(data: Path, work: Path, devices: int, batch: int) -> FinishedRun:
    """Train on a data set's cases, all of which validate too, on the CPU."""
    raw = open_raw_cases(data)
    names = [case.name for case in raw.cases]
    settings = SliceSettings(classes=list(raw.classes), channels=[4, 8], image_size=32)
    machine = MachineSettings(
        accelerator="cpu", devices=devices, strategy="ddp" if devices > 1 else "auto", workers=0, processes=1
    )
    sampling = SamplingSettings(batch=batch, slices_per_epoch=16)
    slices = SliceDataModule(
        raw,
        (names, names),
        SliceStore(work / "slices", settings, raw.ignore),
        sampling,
        machine,
        seed=0,
        reach=0,
        progress=lambda _: None,
        should_stop=lambda: False,
    )
    return run_training_loop(work / "run", "toy", ToyTraining, slices, TRAINING, machine, lambda _: None, lambda: False)
