"""Running a network of slices on CTs: device, precision, memory, stopping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn

from ..device import choose_device
from ..errors import Interrupted, ModelError, ResourceError
from ..head_ct import HeadCT
from ..precision import Precision, choose_precision
from ..progress import StopCallback
from ..sampling.network import PreparedTensor
from .preprocessing import normalized_slices, prepare, square_corner
from .settings import SliceSettings

#: From slices (D, 1, S, S) and the number of them per forward pass to probabilities (D, C, S, S).
RunStack = Callable[[torch.Tensor, int], Sequence[torch.Tensor]]


class SliceStackNetwork:
    """What networks of slices have in common, as samplers see them; a kind of network adds what it predicts.

    Parameters
    ----------
    settings : SliceSettings
    device : str or torch.device
        ``auto``, ``cpu``, ``cuda``, ``cuda:n``.
    precision : Precision, optional
        Default: what suits the device.
    batch : int, optional
        Slices per forward pass; default 16 on CUDA, 4 on a CPU.
    report : callable, optional
        Receives a sentence whenever memory ran out and something smaller is tried.
    should_stop : callable, optional
        Asked before every forward pass; True raises `Interrupted`.

    Attributes
    ----------
    messages : list of str
        The sentences given to `report` so far, for the result's warnings.
    """

    def __init__(
        self,
        settings: SliceSettings,
        *,
        device: str | torch.device = "auto",
        precision: Precision | None = None,
        batch: int | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> None:
        self.settings = settings
        self.device = choose_device(device)
        self.precision = precision or choose_precision(self.device)
        self.messages: list[str] = []
        self._first_batch = self._batch = batch or (16 if self.device.type == "cuda" else 4)
        self._report, self._should_stop = report, should_stop

    def start_run(self, report: Callable[[str], None] | None = None, should_stop: StopCallback | None = None) -> None:
        """Make a network that was used before ready for another run, as if it were new; see the constructor."""
        self._report, self._should_stop = report, should_stop
        self._batch = self._first_batch
        self.messages = []

    def prepare(self, ct: HeadCT) -> PreparedTensor:
        """Return the windowed slices of `ct`, (1, D, h, w), on the network's device; see `preprocessing.prepare`."""
        prepared = prepare(ct, self.settings)
        return replace(prepared, data=prepared.data.to(self.device))

    def stop_if_asked(self) -> None:
        """Raise `Interrupted` if `should_stop` says so."""
        if self._should_stop is not None and self._should_stop():
            raise Interrupted("stopped on request: nothing was written")

    def _ready(self, network: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
        """Put weights into a network, and the network on the device, in evaluation mode."""
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise ModelError(f"the weights do not fit the model's settings: {' '.join(str(error).split())[:200]}") from error
        network.to(self.device).eval()

    def _run(self, data: torch.Tensor, run: RunStack) -> tuple[torch.Tensor, ...]:
        """Normalize the slices of `data` (1, D, h, w), run them in batches that fit into memory, and bring the results back.

        Returns
        -------
        tuple of (C, D, h, w) float32 tensors on the device of `data`

        Raises
        ------
        ResourceError
            Memory does not suffice even for single slices.
        """
        slices = normalized_slices(data[0].to(self.device).float(), self.settings.image_size)
        while True:
            try:
                flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)
                with torch.inference_mode(), self.precision.autocast(self.device), flags:
                    return tuple(self._on_grid(each, data) for each in run(slices, self._batch))
            except torch.OutOfMemoryError as error:
                if self._batch == 1:
                    raise ResourceError(
                        f"the memory of {self.device} cannot hold one slice in the network: use --device cpu or a smaller model"
                    ) from error
                self._batch = max(1, self._batch // 2)
                self._say(f"the memory of {self.device} ran out: continuing with {self._batch} slices at once")
            torch.cuda.empty_cache()

    def _on_grid(self, maps: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """Cut squares (D, C, S, S) back to the slices of `data`: (C, D, h, w)."""
        top, left = square_corner(data, self.settings.image_size)
        cut = maps[:, :, top : top + data.shape[-2], left : left + data.shape[-1]]
        return cut.transpose(0, 1).contiguous().to(data.device)

    def _say(self, message: str) -> None:
        self.messages.append(message)
        if self._report is not None:
            self._report(message)
