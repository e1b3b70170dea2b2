"""The trainer's own step in a group of two processes equals one process with the double batch.

nnU-Net's start-up of a group is made for GPUs only, so the group is opened here; the step, the passes for U and the loss
with its sums over processes are the trainer's.
"""

import os
import subprocess
import sys
from pathlib import Path

import torch

SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from harness.tiny_nnunet_training import tiny_trainer
from hemorrhage_training.nnunet.trainer import nnUNetTrainerUncertaintyAware

base, out, rank, world = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(1)
torch.manual_seed(0)
trainer = tiny_trainer(nnUNetTrainerUncertaintyAware, base, lam=50, samples=3)
trainer.configuration_manager.configuration["batch_dice"] = True
trainer.initialize()
if world > 1:
    dist.init_process_group("gloo", init_method=f"file://{out / 'store'}", rank=rank, world_size=world)
    trainer.is_ddp = True  # local_rank stays 0: both processes draw the transforms that the single one draws
    trainer.network = DistributedDataParallel(trainer.network)
trainer.loss = trainer._build_loss()
if world == 1:  # nnU-Net gives the lowest scale a tiny weight under DDP instead of none
    weights = [1.0, 1e-6]
    trainer.loss.weight_factors = tuple(w / sum(weights) for w in weights)
generator = torch.Generator().manual_seed(1)
losses = []
for _ in range(2):
    target = torch.randint(0, 3, (4, 1, 8, 32, 32), generator=generator).float()
    data = torch.randn((4, 1, 8, 32, 32), generator=generator) + target
    mine = slice(None) if world == 1 else slice(2 * rank, 2 * rank + 2)
    batch = {"data": data[mine], "target": [target[mine], target[mine][:, :, :, ::2, ::2]]}
    losses.append(float(trainer.train_step(batch)["loss"]))
module = trainer.network.module if world > 1 else trainer.network
torch.save({"losses": losses, "gradients": [p.grad for p in module.parameters() if p.grad is not None],
            "weights": list(module.parameters())}, out / f"world{world}_rank{rank}.pt")
if world > 1:
    dist.destroy_process_group()
"""


def _run(base, out, world):
    testing = str(Path(__file__).parents[2])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, testing, str(base), str(out), str(rank), str(world)],
            env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for rank in range(world)
    ]
    for process in processes:
        output, _ = process.communicate(timeout=240)
        assert process.returncode == 0, output.decode()
    return [torch.load(out / f"world{world}_rank{rank}.pt", weights_only=True) for rank in range(world)]


def test_two_processes_equal_one_with_the_double_batch(tiny_base, tmp_path):
    (single,) = _run(tiny_base, tmp_path, 1)
    first, second = _run(tiny_base, tmp_path, 2)
    assert all(torch.equal(a, b) for a, b in zip(first["weights"], second["weights"], strict=True))
    for a, b, alone in zip(first["losses"], second["losses"], single["losses"], strict=True):
        assert abs((a + b) / 2 - alone) < 2e-5 * max(1, abs(alone))
    scale = max(g.abs().max() for g in single["gradients"])
    for a, b in zip(first["gradients"], single["gradients"], strict=True):
        assert (a - b).abs().max() < 1e-4 * scale
