"""The network, the head and the plain loop that the benchmarks share."""

from __future__ import annotations

import numpy as np
import torch
from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet

from hemorrhage.head_ct import HeadCT
from hemorrhage.sampling.network import PreparedTensor
from hemorrhage.sampling.working_grid import WorkingGrid

CLASSES = 6
SPACING = (5.0, 0.9, 0.9)


def small_residual_unet(width: int = 12) -> torch.nn.Module:
    """Return a residual-encoder U-Net of nnU-Net's kind with seeded random weights: 4 stages, `width` to 8 `width` channels."""
    torch.manual_seed(0)
    return ResidualEncoderUNet(
        input_channels=1,
        n_stages=4,
        features_per_stage=[width * 2**stage for stage in range(4)],
        conv_op=torch.nn.Conv3d,
        kernel_sizes=[[1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]],
        strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2]],
        n_blocks_per_stage=[1, 2, 2, 2],
        num_classes=CLASSES,
        n_conv_per_stage_decoder=[1, 1, 1],
        conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=False,
    ).eval()


def elliptic_head(shape: tuple[int, int, int]) -> tuple[HeadCT, tuple[tuple[int, int], ...]]:
    """Return a skull of bone around noisy brain with air around it, as large as a head in a 230 mm field of view; and its box.

    The box is grown to multiples of the network's strides, 4 in the slice direction and 8 in the plane.
    """
    _, height, width = shape
    rows, columns = np.mgrid[:height, :width]
    radius = np.hypot((rows - (height - 1) / 2) / (0.41 * height), (columns - (width - 1) / 2) / (0.33 * width))
    hu = np.where(radius < 0.93, 35.0, np.where(radius < 1, 1000.0, -1000.0))
    noise = np.random.default_rng(0).normal(0, 5, shape)
    ct = HeadCT((hu + noise).astype(np.float32), np.diag([*SPACING, 1.0]))
    box = [(0, shape[0])]
    for axis in (0, 1):
        inside = np.flatnonzero((radius < 1).any(axis=1 - axis))
        size = -(-(inside[-1] + 1 - inside[0]) // 8) * 8
        start = max(0, (inside[0] + inside[-1] + 1 - size) // 2)
        box.append((int(start), int(start + size)))
    return ct, tuple(box)


class BoxedNetwork:
    """The network on the head's box, whole, in float32."""

    def __init__(self, box: tuple[tuple[int, int], ...], module: torch.nn.Module) -> None:
        self.box = box
        self.module = module

    def prepare(self, ct: HeadCT) -> PreparedTensor:
        """Clip, normalize and crop."""
        crop = tuple(slice(a, b) for a, b in self.box)
        shape = tuple(b - a for a, b in self.box)
        return PreparedTensor(
            normalized(ct)[(slice(None), *crop)].contiguous(), WorkingGrid(ct.shape, (0, 1, 2), self.box, shape, SPACING)
        )

    @torch.inference_mode()
    def probabilities(self, data: torch.Tensor) -> torch.Tensor:
        """Return the softmax."""
        return self.module(data).softmax(1)


def normalized(ct: HeadCT) -> torch.Tensor:
    """Return (1, D, H, W): clipped to a wide brain window, scaled to about unit variance."""
    return (torch.from_numpy(ct.hu).clamp(-20, 120)[None] - 30) / 30
