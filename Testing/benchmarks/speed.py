"""How fast is test-time augmentation? Ours against a naive loop, against MONAI's, and against the bare network, in one run.

    python Testing/benchmarks/speed.py [--shape 40 256 256] [--samples 20] [--reference-samples 2] [--transforms 5] [--rounds 1]
                                       [--width 12] [--presets anisotropic paper] [--no-monai]

The references take the same time for every sample, so a few of their samples are enough: times are compared per sample.
The references run first, as they would by themselves; then freed memory is kept for reuse, as the command line does, and the
network, with the same weights, normalizes as the engine does where a model sees the whole head at once.
Ours includes everything after loading: cropping, drawing, both warps, the network, the posterior and its maps on the CT.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import scipy.ndimage
import torch
from small_network import CLASSES, BoxedNetwork, normalized, simulated_head, small_residual_unet

from hemorrhage.head_ct import Spacing
from hemorrhage.nnunet.instance_norm import InstanceNorm3d
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.posterior import Posterior, working_voxel_volume_ml
from hemorrhage.sampling.test_time_augmentation import TestTimeAugmentation
from hemorrhage.transforms import Flip, TransformPreset, draw_transform


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call: processor time with one thread (other programs disturb it less), else wall-clock time."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    work()
    return clock() - start


def fastest(rounds: int, work: Callable[[], object]) -> float:
    """Return the shortest of several times: what other programs on the machine add is not ours."""
    return min(seconds(work) for _ in range(rounds))


def scipy_operator(volume: np.ndarray, operator, spacing: Spacing, inverse: bool) -> np.ndarray:
    """Apply one operator to (D, H, W) by linear interpolation in mm; flips are copies."""
    if isinstance(operator, Flip):
        return np.flip(volume, operator.array_axis).copy()
    # The output voxel y comes from T^-1 y; for the inverse operator from T y.
    source = operator.matrix() if inverse else operator.inverse().matrix()
    index = np.diag(1 / np.array(spacing)) @ source @ np.diag(spacing)
    center = (np.array(volume.shape) - 1) / 2
    return scipy.ndimage.affine_transform(volume, index, center - index @ center, order=1, mode="nearest")


def naive(ct, module: torch.nn.Module, samples: int, transforms: int, preset: TransformPreset) -> np.ndarray:
    """Full volume, float32, one SciPy interpolation per operator, way and class; all samples kept; variance at the end."""
    data = normalized(ct)[0].numpy()
    outputs = []
    for index in range(samples):
        operators = draw_transform(np.random.default_rng(index), transforms, preset, ct.spacing).operators
        moved = data
        for operator in operators:
            moved = scipy_operator(moved, operator, ct.spacing, inverse=False)
        with torch.inference_mode():
            prediction = module(torch.from_numpy(moved)[None, None]).softmax(1)[0].numpy()
        for operator in reversed(operators):
            prediction = np.stack([scipy_operator(p, operator, ct.spacing, inverse=True) for p in prediction])
        outputs.append(prediction)
    return np.var(outputs, axis=0)


def monai(ct, module: torch.nn.Module, samples: int, transforms: int) -> object:
    """MONAI's TestTimeAugmentation: on average as many rotations, flips and zooms, in sequence, full volume, float32."""
    from monai.data import TestTimeAugmentation as MonaiTestTimeAugmentation
    from monai.transforms import Compose, RandAxisFlipd, RandRotated, RandZoomd

    angle = np.deg2rad(10)
    sequence = []
    for _ in range(transforms):  # one of three on average: MONAI cannot invert its own OneOf here
        sequence += [
            RandRotated("image", angle, angle, angle, prob=1 / 3, keep_size=True, mode="bilinear", padding_mode="border"),
            RandAxisFlipd("image", prob=1 / 3),
            RandZoomd("image", prob=1 / 3, min_zoom=0.9, max_zoom=1.1, mode="trilinear", keep_size=True),
        ]
    augment = MonaiTestTimeAugmentation(
        Compose(sequence).set_random_state(0),
        batch_size=1,
        num_workers=0,
        inferrer_fn=lambda batch: module(batch).softmax(1),
        device="cpu",
        image_key="image",
        orig_key="image",
        nearest_interp=False,
        progress=False,
    )
    from monai.data import MetaTensor

    with torch.inference_mode():
        return augment({"image": MetaTensor(normalized(ct))}, num_examples=samples)


def ours(ct, network: BoxedNetwork, samples: int, transforms: int, preset: TransformPreset) -> object:
    """Draw, accumulate, and put the maps on the CT's grid."""
    sampler = TestTimeAugmentation(network, preset, transforms)
    grid = sampler.grid(ct)
    posterior = Posterior(CLASSES, working_voxel_volume_ml(ct, grid))
    for sample in sampler.draw(ct, samples, seed=0):
        posterior.add(sample)
    return posterior.summarize(grid)


def main() -> None:
    """Run and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, nargs=3, default=(40, 256, 256))
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--reference-samples", type=int, default=2)
    parser.add_argument("--transforms", type=int, default=5)
    parser.add_argument("--width", type=int, default=12, help="channels of the network's first stage")
    parser.add_argument("--rounds", type=int, default=1, help="repetitions of everything; the fastest counts")
    parser.add_argument("--presets", nargs="+", type=TransformPreset, default=list(TransformPreset))
    parser.add_argument("--no-monai", dest="monai", action="store_false")
    options = parser.parse_args()
    ct, box = simulated_head(tuple(options.shape))
    module = small_residual_unet(options.width)
    network = BoxedNetwork(box, module)
    data = network.prepare(ct).data[None]
    parameters = sum(p.numel() for p in module.parameters()) / 1e6
    print(
        f"{tuple(options.shape)}, box {tuple(data.shape[2:])}, {parameters:.1f} M parameters, {torch.get_num_threads()} threads"
    )
    full = normalized(ct)[None]
    rounds, few = options.rounds, options.reference_samples
    bare = fastest(rounds, lambda: network.probabilities(data))
    whole = fastest(rounds, lambda: network.probabilities(full))
    print("\n| what | s per sample | ours is faster by | on top of the bare network |\n|---|---|---|---|")
    print(f"| bare network, full volume | {whole:.2f} | | |\n| bare network, skull's box | {bare:.2f} | | |", flush=True)
    by_naive = {
        preset: fastest(rounds, lambda preset=preset: naive(ct, module, few, options.transforms, preset)) / few
        for preset in options.presets
    }
    by_monai = 0.0
    if options.monai:
        monai(ct, module, 2, 1)  # imports
        by_monai = fastest(rounds, lambda: monai(ct, module, max(few, 2), options.transforms)) / max(few, 2)
    memory = "freed memory reused" if reuse_freed_memory() else "freed memory cannot be reused here"
    faster = BoxedNetwork(box, small_residual_unet(options.width, InstanceNorm3d))
    for each, what in ((network, memory), (faster, f"{memory}, faster normalization")):
        each.probabilities(data)  # takes the memory that is then reused
        bare = fastest(rounds, lambda each=each: each.probabilities(data))
        print(f"| bare network, skull's box, {what} | {bare:.2f} | | |")
    for preset in options.presets:
        by_us = (
            fastest(rounds, lambda preset=preset: ours(ct, faster, options.samples, options.transforms, preset)) / options.samples
        )
        print(f"| ours, {preset} | {by_us:.2f} | | {by_us / bare - 1:.0%} |")
        print(f"| naive loop, {preset} | {by_naive[preset]:.2f} | {by_naive[preset] / by_us:.1f}x | |")
        if by_monai:
            print(f"| MONAI | {by_monai:.2f} | {by_monai / by_us:.1f}x | |", flush=True)


if __name__ == "__main__":
    main()
