"""Does memory grow with the number of samples? Peak of the process at 5 and at 40 samples, each in a process of its own.

python Testing/benchmarks/memory.py [--shape 24 160 160] [--samples 5 40]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

import numpy as np
from small_network import CLASSES, BoxedNetwork, small_residual_unet

from hemorrhage.head_ct import HeadCT
from hemorrhage.posterior import Posterior, working_voxel_volume_ml
from hemorrhage.sampling.test_time_augmentation import TestTimeAugmentation


def peak_megabytes(shape: tuple[int, int, int], samples: int) -> float:
    """Run once, here, and return the peak resident size of this process."""
    depth, height, width = shape
    brain = np.random.default_rng(0).normal(35, 5, shape).astype(np.float32)
    ct = HeadCT(brain, np.diag([5.0, 1.2, 1.2, 1.0]))
    sampler = TestTimeAugmentation(BoxedNetwork(((0, depth), (0, height), (0, width)), small_residual_unet(8)))
    grid = sampler.grid(ct)
    posterior = Posterior(CLASSES, working_voxel_volume_ml(ct, grid))
    for sample in sampler.draw(ct, samples, seed=0):
        posterior.add(sample)
    posterior.summarize(grid)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the peaks and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, nargs=3, default=(24, 160, 160))
    parser.add_argument("--samples", type=int, nargs="+", default=(5, 40))
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(peak_megabytes(tuple(options.shape), options.samples[0]))
        return
    peaks = []
    for samples in options.samples:
        command = [sys.executable, __file__, "--here", "--samples", str(samples), "--shape", *map(str, options.shape)]
        peaks.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]))
        print(f"{samples} samples: peak {peaks[-1]:.0f} MB ({peaks[-1] / peaks[0] - 1:+.1%})", flush=True)


if __name__ == "__main__":
    main()
