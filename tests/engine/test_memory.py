"""Memory is bounded by the tile, not by the picture."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def peak_gigabytes(size: int) -> float:
    """Peak resident memory of a process that paints ``size`` x ``size`` with every control."""
    command = [sys.executable, "benchmarks/painter.py", "--paint-one", str(size)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


@pytest.mark.slow
def test_four_times_the_pixels_cost_little_more_memory() -> None:
    """1024 px is painted whole, 2048 px in tiles; 4096 px is measured by the benchmark."""
    small, large = peak_gigabytes(1024), peak_gigabytes(2048)
    assert large < 2.0
    assert large - small < 0.6
