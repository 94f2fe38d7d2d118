"""The way back through the GPU's kernels, run by triton's interpreter: gradients are those of plain torch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="triton is made for Linux alone")

# The interpreter must be chosen before triton is imported.
CHECK = """
import torch
from styletransfer.training.normalisation import FusedNormalise, _Normalise

def gradients(function, relu, summed):
    generator = torch.Generator().manual_seed(0)
    shape = (2, 16, 9, 7)
    maps = (torch.randn(shape, generator=generator) * 2 + 3).contiguous(memory_format=torch.channels_last)
    gain, bias = torch.rand((2, 32), generator=generator).sub(0.3).chunk(2, 1)
    add = torch.randn(shape, generator=generator).contiguous(memory_format=torch.channels_last)
    inputs = [tensor.detach().requires_grad_(True) for tensor in (maps, gain, bias, add)]
    result = function.apply(*inputs[:3], inputs[3] if summed else None, relu)
    (result * torch.randn(shape, generator=generator)).sum().backward()
    return [result.detach(), *(tensor.grad for tensor in inputs[: 4 if summed else 3])]

for relu, summed in ((False, False), (True, False), (False, True)):
    for fused, plain in zip(gradients(FusedNormalise, relu, summed), gradients(_Normalise, relu, summed)):
        torch.testing.assert_close(fused, plain, atol=1e-3, rtol=1e-4)
print("same")
"""


def test_fused_gradients_are_those_of_plain_torch():
    run = subprocess.run(
        [sys.executable, "-c", CHECK],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert run.stdout == "same\n", run.stderr[-3000:]
