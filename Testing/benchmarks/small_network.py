"""The network, the head and the plain loop that the benchmarks share."""

from __future__ import annotations

import torch
from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet

from hemorrhage.head_box import intracranial_box
from hemorrhage.head_ct import HeadCT
from hemorrhage.sampling.network import PreparedTensor
from hemorrhage.sampling.working_grid import Box, WorkingGrid
from hemorrhage.simulation import simulate_head_ct

CLASSES = 6


def small_residual_unet(width: int = 12, norm: type[torch.nn.Module] = torch.nn.InstanceNorm3d) -> torch.nn.Module:
    """Return a residual-encoder U-Net of nnU-Net's kind with seeded random weights: 4 stages, `width` to 8 `width` channels.

    The weights do not depend on `norm`, torch's instance normalization or the engine's faster one.
    """
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
        norm_op=norm,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=False,
    ).eval()


def simulated_head(shape: tuple[int, int, int]) -> tuple[HeadCT, Box]:
    """Return a simulated CT of 5 x 0.9 x 0.9 mm with one hematoma, and the box of its skull's inside.

    The box is grown to multiples of the network's strides, 4 in the slice direction and 8 in the plane.
    """
    ct = simulate_head_ct(1, classes=("IPH",), shape=shape, slice_thickness_mm=5.0, pixel_mm=0.9).ct
    grown = [
        _grown(*limits, stride, size) for limits, stride, size in zip(intracranial_box(ct), (4, 8, 8), ct.shape, strict=True)
    ]
    return ct, (grown[0], grown[1], grown[2])


def _grown(start: int, stop: int, stride: int, size: int) -> tuple[int, int]:
    length = min(size, -(-(stop - start) // stride) * stride)
    first = min(start, size - length)
    return first, first + length


class BoxedNetwork:
    """The network on a box of the CT, whole, in float32."""

    def __init__(self, box: Box, module: torch.nn.Module) -> None:
        self.box = box
        self.module = module

    def prepare(self, ct: HeadCT) -> PreparedTensor:
        """Clip, normalize and crop."""
        crop = tuple(slice(a, b) for a, b in self.box)
        depth, height, width = (b - a for a, b in self.box)
        return PreparedTensor(
            normalized(ct)[(slice(None), *crop)].contiguous(),
            WorkingGrid(ct.shape, (0, 1, 2), self.box, (depth, height, width), ct.spacing),
        )

    @torch.inference_mode()
    def probabilities(self, data: torch.Tensor) -> torch.Tensor:
        """Return the softmax."""
        return self.module(data).softmax(1)


def normalized(ct: HeadCT) -> torch.Tensor:
    """Return (1, D, H, W): clipped to a wide brain window, scaled to about unit variance."""
    return (torch.from_numpy(ct.hu).clamp(-20, 120)[None] - 30) / 30
