"""The engine alone, from pixels to pixels: rates by batch, memory, closeness, where the GPU's time goes.

Needs torch, numpy, Pillow and safetensors, no Django. Part of ``end_to_end.py``.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image

from styletransfer.engine.base import PaintOptions, PaintRequest, Pixels
from styletransfer.engine.painter_engine import PainterEngine

ROOT = Path(__file__).resolve().parent.parent
# The amounts a new preset starts with.
PRESET = PaintOptions(calm=0.5)
PLAIN = PaintOptions()


@dataclass
class Rate:
    """Pictures a second of one batch size, with the GPU memory in use afterwards, by everything so far.

    Graphs keep their memory out of what torch counts as allocated, so the device itself is asked.
    """

    what: str
    side: int
    batch: int
    rate: float
    gib: float


def catalogue(number: int, side: int) -> list[bytes]:
    """The store's photos as JPEG files of ``side`` x ``side``; turned each time they come round again."""
    paths = sorted((ROOT / "shop" / "catalogue").glob("*.jpg"))
    pictures = []
    for position in range(number):
        round_, index = divmod(position, len(paths))
        with Image.open(paths[index]) as photo:
            square = photo.convert("RGB").resize((side, side)).rotate(90 * (round_ % 4))
        file = io.BytesIO()
        # The quality differs once all four turns are used, so that no two files are alike.
        square.save(file, "JPEG", quality=max(60, 92 - round_ // 4))
        pictures.append(file.getvalue())
    return pictures


def pixels_of(files: Sequence[bytes]) -> list[Pixels]:
    """Decoded pictures (height, width, 3)."""
    return [np.array(Image.open(io.BytesIO(file)).convert("RGB")) for file in files]


def style_code(engine: PainterEngine) -> Any:
    """The code of a shipped look."""
    with Image.open(ROOT / "styletransfer" / "presets" / "oil.jpg") as reference:
        return engine.style_code([np.array(reference.convert("RGB"))])


def rates(
    engine: PainterEngine,
    photos: Sequence[Pixels],
    batches: Sequence[int],
    *,
    what: str,
    options: PaintOptions,
    seconds: float,
) -> list[Rate]:
    """Pictures a second in each batch size, measured for about ``seconds`` each after three batches."""
    code = style_code(engine)
    requests = [PaintRequest(photo, code, options) for photo in photos]
    found = []
    on_gpu = torch.cuda.is_available()
    for batch in batches:
        groups = [_cyclic(requests, start, batch) for start in range(0, len(requests), batch)]
        for group in (groups * 3)[: 3 if on_gpu else 0]:
            engine.paint(group)
        done, begun = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds or done < len(requests):
            engine.paint(groups[done // batch % len(groups)])
            done += batch
        found.append(Rate(what, photos[0].shape[0], batch, done / elapsed, _gib_in_use() if on_gpu else 0.0))
    return found


def _gib_in_use() -> float:
    free, total = torch.cuda.mem_get_info()
    return (total - free) / 2**30


def _cyclic(requests: Sequence[PaintRequest], start: int, count: int) -> list[PaintRequest]:
    return [requests[(start + i) % len(requests)] for i in range(count)]


@contextmanager
def as_before() -> Iterator[None]:
    """Without fused kernels and graphs: one picture's norm after the other, launched from Python."""
    with mock.patch("styletransfer.engine.normalisation._is_fusing", return_value=False), \
            mock.patch("styletransfer.engine.painting.PaintingGraphs", return_value=None):  # fmt: skip
        yield


def closeness(photos: Sequence[Pixels]) -> dict[str, float]:
    """PSNR in dB of fused bf16 and fused fp32 paintings of a batch to plain fp32 ones, one by one."""
    with as_before():
        plain = PainterEngine(precision="fp32")
        code = style_code(plain)
        exact = [plain.paint([PaintRequest(photo, code, PRESET)])[0] for photo in photos]
    found = {}
    for precision in ("fp32", "bf16"):
        engine = PainterEngine(precision=precision)
        for _ in range(4):  # the last one is a replayed graph
            painted = engine.paint([PaintRequest(photo, code, PRESET) for photo in photos])
        error = np.mean((np.stack(painted).astype(np.float32) - np.stack(exact)) ** 2)
        found[precision] = float(10 * np.log10(255**2 / max(error, 1e-9)))
    return found


def network_rates(side: int, batches: Sequence[int], repeats: int = 10) -> list[tuple[int, float]]:
    """Pictures a second of the bare network on tensors that lie on the GPU, launched from Python."""
    engine = PainterEngine()
    painter = engine._painting().painter
    found = []
    with torch.inference_mode():
        code = torch.from_numpy(style_code(engine)).cuda()
        for batch in batches:
            photos = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8, device="cuda")
            for _ in range(2):
                painter.paint(photos, code.expand(batch, -1))
            start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for _ in range(repeats):
                painter.paint(photos, code.expand(batch, -1))
            stop.record()
            torch.cuda.synchronize()
            found.append((batch, batch * repeats / start.elapsed_time(stop) * 1000))
    return found


def profile(photos: Sequence[Pixels], rows: int = 16) -> list[tuple[str, float, int]]:
    """The kernels that take longest when a batch is painted: name, ms a batch, launches."""
    engine = PainterEngine()
    code = style_code(engine)
    requests = [PaintRequest(photo, code, PRESET) for photo in photos]
    for _ in range(4):
        engine.paint(requests)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
        engine.paint(requests)
    kernels = sorted(profiler.key_averages(), key=lambda event: -event.self_device_time_total)
    return [(event.key, event.self_device_time_total / 1000, event.count) for event in kernels[:rows]]
