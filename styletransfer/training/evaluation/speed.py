"""How long a painter takes and how much memory, by size; measured in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

SIDES = (256, 512, 1024)
RUNS = 3


def measure_speed(weights: Path | None, sides: tuple[int, ...] = SIDES) -> list[dict[str, float]]:
    """Milliseconds a picture (median of three runs after one to warm up) and peak memory in MB by side.

    On a CUDA GPU memory is what torch had allocated there, else the process's largest resident size.

    Raises:
        RuntimeError: the process failed; the text is what it said.
    """
    command = [sys.executable, "-m", "styletransfer.training.evaluation.speed", *map(str, sides)]
    command += ["--weights", str(weights)] if weights else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise RuntimeError(f"measuring the speed failed: {done.stderr.strip()[-500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """Measure in this process and print one JSON object a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sides", nargs="+", type=int)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    from styletransfer.training.evaluation.contenders import WeightsContender  # noqa: PLC0415

    contender = WeightsContender(options.weights)
    code = torch.zeros(1, 128)
    for side in sorted(options.sides):
        pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
        seconds = []
        for _ in range(RUNS + 1):
            started = time.perf_counter()
            contender.painted(pixels, code)  # brings the picture back to the host, so the GPU has finished
            seconds.append(time.perf_counter() - started)
        row = {"side": side, "milliseconds": 1000 * statistics.median(seconds[1:]), "megabytes": _megabytes()}
        sys.stdout.write(json.dumps(row) + "\n")


def _megabytes() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status")
    if status.exists():
        # Linux's getrusage counts what the parent held when it started this process; this does not.
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS reports bytes


if __name__ == "__main__":
    main()
