"""Where to paint and in which number format."""

from __future__ import annotations

import torch

from styletransfer.engine.base import EngineUnavailableError

PRECISIONS = {"bf16": torch.bfloat16, "fp32": torch.float32}
# Names in torch.cpu; releases differ in which they have.
BF16_CHECKS = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")


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
        return torch.bfloat16 if device.type == "cuda" or _cpu_has_bf16_instructions() else torch.float32
    try:
        return PRECISIONS[precision]
    except KeyError:
        names = ", ".join(sorted(PRECISIONS))
        raise EngineUnavailableError(f"Precision must be auto, {names}, not {precision!r}.") from None


def _cpu_has_bf16_instructions() -> bool:
    """Whether the CPU multiplies bfloat16 itself; emulation is slower than float32.

    A clock would be no judge here: on a busy machine it picks either format by chance.
    """
    checks = (getattr(torch.cpu, name, None) for name in BF16_CHECKS)
    return any(check() for check in checks if check is not None)
