"""Instance normalization with the same result as torch's, in a quarter of the time on a CPU."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class _GroupForEachChannel(nn.modules.instancenorm._InstanceNorm):
    """Torch's module, computed as a group normalization with one group for each channel.

    On a CPU torch hands instance normalization to the kernel of batch normalization, which is slow where channels are few and
    long; that of group normalization is not, and no less exact. Elsewhere, and where statistics are kept, torch's own is used.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalize each channel of each image of (N, C, ...)."""
        if input.device.type != "cpu" or self.track_running_stats or input.dim() == self._get_no_batch_dim():
            return super().forward(input)
        self._check_input_dim(input)
        return F.group_norm(input, self.num_features, self.weight, self.bias, self.eps)


class InstanceNorm2d(_GroupForEachChannel, nn.InstanceNorm2d):
    """`torch.nn.InstanceNorm2d`."""


class InstanceNorm3d(_GroupForEachChannel, nn.InstanceNorm3d):
    """`torch.nn.InstanceNorm3d`."""


#: What stands in for torch's modules in a network.
FASTER: dict[object, type[nn.Module]] = {nn.InstanceNorm2d: InstanceNorm2d, nn.InstanceNorm3d: InstanceNorm3d}
