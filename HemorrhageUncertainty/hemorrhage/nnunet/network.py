"""An nnU-Net network (one model, its folds as an ensemble) that turns CTs into class logits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..device import choose_device
from ..errors import Interrupted, ModelError, ResourceError
from ..head_box import head_box, intracranial_box
from ..head_ct import HeadCT
from ..memory import available_memory_bytes, require_memory
from ..precision import Precision, choose_precision
from ..progress import StopCallback
from ..sampling.working_grid import WorkingGrid
from .architecture import build_network, load_weights
from .compute_plan import ComputePlan
from .network_plans import NetworkPlans
from .preprocessing import PreparedCT, prepare, probabilities_on_ct, working_grid
from .sliding_window import Forward, SlidingWindow, Windows, mirrored

if TYPE_CHECKING:
    import torch


class NNUNetNetwork:
    """One nnU-Net model, ready to run.

    Parameters
    ----------
    plans : NetworkPlans
    folds : sequence of state dicts
        Weights; several are an ensemble whose logits are averaged, as nnU-Net does.
    mirror_axes : sequence of int
        Spatial axes that mirroring may use (from the checkpoint).
    device : str or torch.device
        ``auto``, ``cpu``, ``cuda``, ``cuda:n``.
    precision : Precision, optional
        Default: what suits the device.
    windows : Windows
        What the network sees at once in `logits`.
    anatomical : bool
        Whether CTs that are stored sagittally or coronally are turned into axial stacks first (stock nnU-Net: no).
    intracranial : bool
        Whether the box that is computed is that of the space inside the skull, not that of the head.
    batch : int, optional
        Windows per forward pass; default 4 on CUDA, 1 on a CPU.
    report : callable, optional
        Receives a sentence whenever memory ran out and something smaller is tried.
    should_stop : callable, optional
        Asked before every layer of a forward pass, which can take many seconds as a whole; True raises `Interrupted`.

    Attributes
    ----------
    classes : tuple of str
    messages : list of str
        The sentences given to `report` so far, for the result's warnings.
    """

    def __init__(
        self,
        plans: NetworkPlans,
        folds: Sequence[Mapping[str, torch.Tensor]],
        *,
        mirror_axes: Sequence[int] = (),
        device: str | torch.device = "auto",
        precision: Precision | None = None,
        windows: Windows = Windows.TRAINED,
        anatomical: bool = False,
        intracranial: bool = False,
        batch: int | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> None:
        if not folds:
            raise ModelError("the model holds no weights")
        if any(axis not in range(plans.dimensions) for axis in mirror_axes):
            raise ModelError(f"mirror axes {tuple(mirror_axes)} do not exist in a {plans.dimensions}D network")
        self.plans = plans
        self.classes = plans.classes
        self.mirror_axes = tuple(mirror_axes)
        self._anatomical = anatomical
        self._box = intracranial_box if intracranial else head_box
        self.messages: list[str] = []
        self._report = report
        self._should_stop = should_stop
        self._asked_now = should_stop
        chosen = choose_device(device)
        self._original_precision = self._precision = precision or choose_precision(chosen)
        self._original = ComputePlan(chosen, windows, plans.patch_size, batch or (4 if chosen.type == "cuda" else 1))
        self._plan = self._original
        self._networks = []
        for weights in folds:
            network = build_network(plans, stock=windows is not Windows.WHOLE)
            load_weights(network, weights)
            for layer in network.modules():
                layer.register_forward_pre_hook(self._stop_if_asked)
            self._networks.append(network)

    def start_run(self, report: Callable[[str], None] | None = None, should_stop: StopCallback | None = None) -> None:
        """Make a network that was used before ready for another run: as if it were new, so that the run gives the same bits.

        Parameters
        ----------
        report, should_stop : callable, optional
            Replace those given to the constructor.
        """
        self._report, self._should_stop = report, should_stop
        self._plan, self._precision = self._original, self._original_precision
        self.messages = []

    @property
    def networks(self) -> tuple[torch.nn.Module, ...]:
        """The folds, in evaluation mode."""
        return tuple(self._networks)

    @property
    def windows(self) -> Windows:
        """What the network sees at once, as it was made for; `compute_plan` may have had to give that up."""
        return self._original.windows

    @property
    def mirrored_array_axes(self) -> tuple[int, ...]:
        """`mirror_axes` as axes of the working grid: a 2D network's first axis is the second one there."""
        return tuple(axis + 3 - self.plans.dimensions for axis in self.mirror_axes)

    @property
    def device(self) -> torch.device:
        """Where the network runs; becomes the CPU if the GPU's memory does not suffice."""
        return self._plan.device

    @property
    def precision(self) -> Precision:
        """Number format of the forward passes on the present device."""
        return self._precision

    @property
    def compute_plan(self) -> ComputePlan:
        """How the network is run at present (shrinks when memory runs out)."""
        return self._plan

    def grid(self, ct: HeadCT, box: bool = True) -> WorkingGrid:
        """Return the working grid of `ct`: only the box of head or skull, or (`box=False`) what stock nnU-Net would compute."""
        return working_grid(ct, self.plans, box=self._box(ct) if box else None, anatomical=self._anatomical)

    def prepare(self, ct: HeadCT, box: bool = True) -> PreparedCT:
        """Normalize and resample `ct`; the data lie on the network's device.

        Raises
        ------
        ResourceError
            Main memory cannot hold the run.
        """
        grid = self.grid(ct, box)
        self._require_memory(grid)
        prepared = prepare(ct, self.plans, grid)
        return PreparedCT(prepared.data.to(self.device), grid)

    def logits(self, data: torch.Tensor, should_stop: StopCallback | None = None) -> torch.Tensor:
        """Return float32 logits (B, C, D, H, W) of normalized volumes (B, 1, D, H, W), on the device of `data`.

        Without mirroring; the folds' logits are averaged. When memory runs out, smaller batches, smaller windows and the CPU are
        tried.

        Raises
        ------
        ResourceError
            Even the CPU has too little memory.
        Interrupted
            `should_stop` returned True.
        """
        return self._run(data, should_stop, stock=False, mirror=False).to(data.device)

    def probabilities(self, data: torch.Tensor, should_stop: StopCallback | None = None) -> torch.Tensor:
        """Return class probabilities (B, C, D, H, W), float32: softmax of `logits`."""
        return self.logits(data, should_stop).softmax(1)

    def member_probabilities(self, data: torch.Tensor, member: int) -> torch.Tensor:
        """Return class probabilities (B, C, D, H, W) by one fold alone; see `logits`."""
        return self._run(data, None, stock=False, mirror=False, member=member).to(data.device).softmax(1)

    def stock_probabilities(
        self, ct: HeadCT, prepared: PreparedCT, mirror: bool = True, should_stop: StopCallback | None = None
    ) -> torch.Tensor:
        """Return class probabilities exactly as stock nnU-Net's predictor makes them.

        Its windows one at a time, its float16 sums, its precision, and its resampling of logits (not probabilities) to the CT.

        Returns
        -------
        (C, *prepared.grid.box_shape) float32 tensor on the CPU, on ``prepared.grid.without_resampling()``
        """
        logits = self._run(prepared.data[None], should_stop, stock=True, mirror=mirror)[0]
        if logits.isinf().any():
            raise ModelError(
                "the network's logits exceed the range of float16, in which nnU-Net sums them: stock nnU-Net refuses too"
            )
        return probabilities_on_ct(logits, ct, self.plans, prepared.grid)

    def _run(
        self, data: torch.Tensor, should_stop: StopCallback | None, *, stock: bool, mirror: bool, member: int | None = None
    ) -> torch.Tensor:
        import torch

        while True:
            try:
                with torch.inference_mode():
                    return self._attempt(data, should_stop, stock=stock, mirror=mirror, member=member)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                if not self._step_down():
                    raise ResourceError(
                        f"the CPU's memory cannot hold the network even with windows of {self._plan.patch_size}: "
                        "use a machine with more memory or a smaller model"
                    ) from error
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _attempt(
        self, data: torch.Tensor, should_stop: StopCallback | None, *, stock: bool, mirror: bool, member: int | None
    ) -> torch.Tensor:
        self._asked_now = should_stop or self._should_stop
        plan = self._plan
        size = plan.patch_size if stock else plan.window_size(tuple(data.shape[2:]), self.plans.divisors)
        whole = not stock and plan.windows is Windows.WHOLE and self.plans.divisors is not None
        sliding = SlidingWindow(size, 1 if stock else plan.batch, half_sums=stock, pad_with_edge=whole)
        total: torch.Tensor | None = None
        networks = self._networks if member is None else self._networks[member : member + 1]
        for network in networks:
            forward = self._forward(network.to(plan.device), stock)
            run = mirrored(forward, self.mirror_axes if mirror else ())
            logits = sliding(run, data, plan.device, self._asked_now)
            total = logits if total is None else total.add_(logits)
        assert total is not None
        return total.div_(len(networks)) if len(networks) > 1 else total

    def _forward(self, network: torch.nn.Module, stock: bool) -> Forward:
        """Return the forward pass in the chosen precision; deterministic kernels, so that a run can be repeated to the bit."""
        import torch

        device = self.device
        precision = (Precision.FLOAT16 if device.type == "cuda" else Precision.FLOAT32) if stock else self.precision

        def forward(windows: torch.Tensor) -> torch.Tensor:
            with precision.autocast(device), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
                prediction: torch.Tensor = network(windows)
            return prediction if stock else prediction.float()

        return forward

    def _stop_if_asked(self, *_: object) -> None:
        """Called by torch before each layer."""
        if self._asked_now is not None and self._asked_now():
            raise Interrupted("stopped on request: nothing was written")

    def _step_down(self) -> bool:
        """Switch to a plan that needs less memory; False if there is none."""
        step = self._plan.smaller(self._original, self.plans.divisors)
        if step is None:
            return False
        plan, message = step
        if plan.device != self._plan.device:
            self._precision = choose_precision(plan.device)
        self._plan = plan
        self._say(message)
        return True

    def _say(self, message: str) -> None:
        self.messages.append(message)
        if self._report is not None:
            self._report(message)

    def _require_memory(self, grid: WorkingGrid) -> None:
        """Choose windows that fit into main memory, or refuse before anything is computed."""
        available = available_memory_bytes()
        if available is None:
            return
        fixed = self._fixed_bytes(grid)
        if self.device.type == "cpu" and self._plan.windows is Windows.WHOLE and fixed + self._window_bytes(grid) > available:
            self._plan = ComputePlan(self.device, Windows.TRAINED, self.plans.patch_size, 1)
            self._say("main memory cannot hold the whole head at once: continuing with overlapping windows")
        needed = fixed + (self._window_bytes(grid) if self.device.type == "cpu" else 0)
        require_memory(needed, f"a CT of {' x '.join(map(str, grid.ct_shape))} voxels", available)

    def _fixed_bytes(self, grid: WorkingGrid) -> int:
        """Estimate what stays in main memory: weights, two copies of the CT, logits and probabilities on the working grid."""
        weights = sum(p.numel() for network in self._networks for p in network.parameters())
        classes = len(self.classes)
        return 4 * (weights + 2 * math.prod(grid.ct_shape) + (3 * classes + 2) * math.prod(grid.shape))

    def _window_bytes(self, grid: WorkingGrid) -> int:
        """Estimate a forward pass: about six full-resolution feature maps of the first stage live at once."""
        size = self._plan.window_size(grid.shape, self.plans.divisors)
        return 4 * 6 * self.plans.base_features * self._plan.batch * math.prod(size)


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether torch (or Python) ran out of memory; the CPU's allocator raises a plain RuntimeError."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return "not enough memory" in text or "can't allocate memory" in text or "out of memory" in text
