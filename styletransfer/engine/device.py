"""Where to paint and in which number format."""

from __future__ import annotations

import time
from functools import cache

import torch

from styletransfer.engine.base import EngineUnavailableError

PRECISIONS = {"bf16": torch.bfloat16, "fp32": torch.float32}


def choose_device(device: str = "auto") -> torch.device:
    """The device named, or for "auto" the first CUDA GPU, else the CPU.

    Raises:
        EngineUnavailableError: the device named does not exist here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise EngineUnavailableError(f"There is no device {device!r} here: {error}") from error
    return chosen


def choose_precision(device: torch.device, precision: str = "auto") -> torch.dtype:
    """The format of weights and maps: "bf16", "fp32", or for "auto" the faster one on ``device``.

    Raises:
        EngineUnavailableError: no such precision.
    """
    if precision == "auto":
        return torch.bfloat16 if device.type == "cuda" or _bf16_is_faster_on_cpu() else torch.float32
    try:
        return PRECISIONS[precision]
    except KeyError:
        names = ", ".join(sorted(PRECISIONS))
        raise EngineUnavailableError(f"Precision must be auto, {names}, not {precision!r}.") from None


@cache
def _bf16_is_faster_on_cpu() -> bool:
    """Time one of the painter's convolutions in both formats; about 20 ms, once a process.

    CPUs without bfloat16 instructions emulate them slowly, and torch's list of capabilities
    differs between its versions, so the clock decides.
    """
    return _convolution_seconds(torch.bfloat16) < 0.8 * _convolution_seconds(torch.float32)


def _convolution_seconds(dtype: torch.dtype) -> float:
    maps = torch.zeros(1, 128, 48, 48, dtype=dtype).contiguous(memory_format=torch.channels_last)
    kernel = torch.zeros(128, 128, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(4):
            start = time.perf_counter()
            torch.nn.functional.conv2d(maps, kernel, padding=1)
            best = min(best, time.perf_counter() - start)
    return best
