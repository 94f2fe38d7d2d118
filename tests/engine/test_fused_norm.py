"""The GPU's kernels, run by triton's interpreter: what they compute is what the CPU's norm computes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="triton is made for Linux alone")

# The interpreter must be chosen before triton is imported.
CHECK = """
import torch
from styletransfer.engine import fused_norm, normalisation
from styletransfer.engine.normalisation import InstanceNorm, NormMode, norm_mode

torch.manual_seed(0)
channels_last = torch.channels_last

def both(work):
    normalisation._is_fusing = lambda maps: True
    fused = work()
    normalisation._is_fusing = lambda maps: False
    return fused, work()

# Maps lie far from zero, as after a convolution, so that the last digits of float32 differ.
def same(work, tolerance=1e-4):
    torch.testing.assert_close(*both(work), atol=tolerance, rtol=tolerance)

for shape in [(2, 128, 9, 11), (1, 32, 41, 40)]:
    maps = (torch.randn(shape) * 3 + 8).contiguous(memory_format=channels_last)
    gain, bias = torch.randn(shape[0], 2 * shape[1]).chunk(2, 1)
    norm = InstanceNorm()
    same(lambda: norm(maps))
    same(lambda: norm(maps, gain + 1, bias))
    same(lambda: norm.followed(maps, gain + 1, bias, relu=True, doubled=True))
    same(lambda: norm.followed(maps, gain + 1, bias, add=maps))
    same(lambda: norm.followed(maps.contiguous(), add=maps.contiguous(), doubled=True))

    def frozen():
        with norm_mode(norm, NormMode.COLLECT):
            norm(maps[:1])
        with norm_mode(norm, NormMode.FROZEN):
            return norm.followed(maps[:, :, 1:], gain + 1, bias, relu=True)

    same(frozen)

# A picture's mates change nothing.
normalisation._is_fusing = lambda maps: True
batch = (torch.randn(3, 32, 40, 33) + 5).contiguous(memory_format=channels_last)
assert torch.equal(InstanceNorm()(batch)[1:2], InstanceNorm()(batch[1:2]))

# Statistics of bfloat16 maps are float32.
maps = (torch.randn(2, 32, 40, 33) + 60).bfloat16().contiguous(memory_format=channels_last)
found = fused_norm.measure(maps, None, None, 1e-5)
torch.testing.assert_close(found.mean, maps.float().mean((2, 3)), atol=1e-4, rtol=0)
torch.testing.assert_close(
    found.variance, maps.double().var((2, 3), correction=0).float(), atol=0, rtol=1e-5
)
print("same")
"""


def test_the_fused_kernels_compute_what_the_norm_does() -> None:
    run = subprocess.run(
        [sys.executable, "-c", CHECK],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert run.stdout == "same\n", run.stderr[-3000:]
