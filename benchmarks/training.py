"""How long a training step takes, with each kind of normalisation layer, and where the time goes.

    python benchmarks/training.py [--batch 32] [--side 256] [--perceptual vgg16.npz] [--json OUT]

Pictures are noise and, without ``--perceptual``, so are the perceptual network's weights: time depends on
neither. Take the ratio of two rows of one run; single figures move with the machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from styletransfer.training import normalisation
from styletransfer.training.config import TrainingConfig
from styletransfer.training.perceptual import PerceptualNetwork, load_perceptual
from styletransfer.training.pictures import PictureStore
from styletransfer.training.trainer import Pictures, Trainer


def noise_pictures(count: int, side: int, seed: int) -> PictureStore:
    """Square pictures of uniform noise."""
    generator = torch.Generator().manual_seed(seed)
    buffer = torch.randint(0, 256, (count * side * side * 3,), dtype=torch.uint8, generator=generator)
    starts = torch.arange(count) * side * side * 3
    sides = torch.full((count,), side)
    return PictureStore(buffer, starts, sides, sides.clone(), [f"noise_{i}" for i in range(count)])


def synchronise() -> None:
    """Wait for the GPU, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure(trainer: Trainer, warm_up: int, steps: int) -> dict[str, float]:
    """Milliseconds of the median step, seconds of warm-up, peak memory in GB."""
    began = time.perf_counter()
    trainer.started = time.monotonic()
    for _ in range(warm_up):
        trainer._step()
        trainer.step += 1
    synchronise()
    start_up = time.perf_counter() - began
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        trainer._step()
        trainer.step += 1
        synchronise()
        times.append((time.perf_counter() - began) * 1000)
    memory = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0
    mean = sum(times) / len(times)
    return {
        "median_ms": sorted(times)[len(times) // 2],
        "mean_ms": mean,
        "start_s": start_up,
        "memory_gb": memory,
    }


def profile(trainer: Trainer) -> str:
    """The operations that take most of two steps."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profiler:
        for _ in range(2):
            trainer._step()
            trainer.step += 1
        synchronise()
    by = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    return profiler.key_averages().table(sort_by=by, row_limit=25, max_name_column_width=60)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--perceptual", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--norms", nargs="+", default=["own loop", "plain", "fused"])
    options = parser.parse_args()
    photos, artworks = noise_pictures(64, 288, 0), noise_pictures(64, 384, 1)
    rows = {}
    for norm in options.norms:
        config = TrainingConfig(
            batch=options.batch,
            side=options.side,
            adversarial_from=0,
        )
        perceptual = load_perceptual(options.perceptual) if options.perceptual else PerceptualNetwork()
        kept = normalisation.use_batched_norm, normalisation._can_fuse
        if norm == "own loop":
            normalisation.use_batched_norm = lambda network: None
        elif norm == "plain":
            normalisation._can_fuse = lambda maps: False
        with tempfile.TemporaryDirectory() as out:
            trainer = Trainer(config, Pictures(photos, artworks), perceptual, Path(out))
            rows[norm] = measure(trainer, 8, options.steps)
            if options.profile and norm == options.norms[-1]:
                print(profile(trainer))
        normalisation.use_batched_norm, normalisation._can_fuse = kept
        print(norm, {name: round(value, 1) for name, value in rows[norm].items()}, flush=True)
    if options.json:
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
        options.json.write_text(
            json.dumps({"device": device, "batch": options.batch, "rows": rows}, indent=2)
        )


if __name__ == "__main__":
    main()
