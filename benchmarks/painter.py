"""How fast the painter paints, how close to float32, and in how much memory.

``python benchmarks/painter.py`` compares it with the plain network: float32, channels_last, ordinary
instance norm, no fused kernels. Seconds a picture are process time / threads, so that other work on the
machine does not count; wall time is given beside it. ``--memory 4096`` adds peak memory at a size.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from styletransfer.engine.base import PaintOptions, PaintRequest
from styletransfer.engine.normalisation import EPSILON, InstanceNorm, NormMode
from styletransfer.engine.painter import Painter, load_painter
from styletransfer.engine.painter_engine import PainterEngine


class PlainInstanceNorm(InstanceNorm):
    """Instance norm as written in the paper, one elementwise operation after the other."""

    def forward(
        self, maps: torch.Tensor, gain: torch.Tensor | None = None, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Normalise ``maps`` (B, C, H, W) by their own statistics, or by those kept."""
        if self.mode is not NormMode.FROZEN:
            self.variance, self.mean = torch.var_mean(maps, (2, 3), keepdim=True, correction=0)
        mean, variance = self._kept()
        normalised = (maps - mean) * (variance + EPSILON).rsqrt()
        if gain is None or bias is None:
            return normalised
        return normalised * gain[:, :, None, None] + bias[:, :, None, None]


def plain_painter() -> Painter:
    """The float32 reference."""
    painter = load_painter()
    for layer in painter.modules():
        if type(layer) is InstanceNorm:
            layer.__class__ = PlainInstanceNorm
    return painter


def photos(size: int, count: int) -> np.ndarray:
    """(count, size, size, 3) uint8: discs and gradients with some noise."""
    generator = np.random.default_rng(size)
    y, x = np.mgrid[0:size, 0:size] / size
    pictures = []
    for _ in range(count):
        picture = np.stack([120 + 100 * (x * a + y * b) for a, b in generator.uniform(-1, 1, (3, 2))], -1)
        for _ in range(12):
            centre, radius = generator.uniform(0, 1, 2), generator.uniform(0.02, 0.25)
            picture[np.hypot(x - centre[0], y - centre[1]) < radius] = generator.uniform(0, 255, 3)
        pictures.append(picture + generator.normal(0, 4, picture.shape))
    return np.clip(pictures, 0, 255).astype(np.uint8)


def clock(repeats: int, work: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Least process time / threads and wall time of ``work`` in seconds, after one run to warm up."""
    work(*arguments)
    processor, wall = [], []
    for _ in range(repeats):
        start_processor, start_wall = time.process_time(), time.perf_counter()
        work(*arguments)
        processor.append((time.process_time() - start_processor) / torch.get_num_threads())
        wall.append(time.perf_counter() - start_wall)
    return min(processor), min(wall)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of uint8 pictures in dB."""
    error = np.mean((one.astype(float) - other) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def compare(sizes: list[int], batches: list[int], repeats: int) -> Table:
    """Speed and closeness of the engine in each precision to the plain network."""
    table = Table("px", "batch", "painter", "s / picture", "wall", "times as fast", "PSNR to fp32")
    plain, code = plain_painter(), torch.randn(128, generator=torch.Generator().manual_seed(0)) * 0.5
    engines = {name: PainterEngine(device="cpu", precision=name) for name in ("fp32", "bf16")}
    for size in sizes:
        for batch in batches:
            pictures = photos(size, batch)
            tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2)
            codes = code.expand(batch, -1)
            with torch.inference_mode():
                base, base_wall = clock(repeats, plain.paint, tensor, codes)
                exact = (plain.paint(tensor, codes) * 255).round().byte().permute(0, 2, 3, 1).numpy()
            table.add_row(
                str(size), str(batch), "plain fp32", f"{base / batch:.2f}", f"{base_wall / batch:.2f}"
            )
            requests = [PaintRequest(picture, code.numpy()) for picture in pictures]
            for name, engine in engines.items():
                seconds, wall = clock(repeats, engine.paint, requests)
                closeness = psnr(np.stack(engine.paint(requests)), exact)
                row = (
                    f"{seconds / batch:.2f}",
                    f"{wall / batch:.2f}",
                    f"{base / seconds:.1f}",
                    f"{closeness:.1f} dB",
                )
                table.add_row("", "", f"engine {name}", *row)
    return table


def peak_memory(size: int) -> tuple[float, float]:
    """Peak resident memory in GB and seconds to paint ``size`` x ``size`` with all controls."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--paint-one", str(size)]
    peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(peak), time.perf_counter() - start


def paint_one(size: int) -> float:
    """Paint one picture here; peak resident memory of this process in GB."""
    photo = np.resize(photos(256, 1)[0], (size, size, 3))
    options = PaintOptions(strength=0.9, keep_colours=0.5, calm=0.8, detail=0.5)
    PainterEngine(device="cpu").paint([PaintRequest(photo, np.full(128, 0.1, np.float32), options)])
    return peak_resident_bytes() / 1e9


def peak_resident_bytes() -> int:
    """Most memory that this process held at once.

    ``getrusage`` would report no less than what the process that started this one had held.
    """
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[256, 512, 1024])
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 4])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument(
        "--memory", type=int, nargs="*", default=[1024, 2048], help="sizes to measure memory at"
    )
    parser.add_argument("--paint-one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.paint_one:
        print(paint_one(options.paint_one))
        return
    console = Console()
    if options.sizes:
        console.print(compare(options.sizes, options.batches, options.repeats))
    table = Table("px", "peak GB", "wall s, with start-up")
    for size in options.memory:
        peak, seconds = peak_memory(size)
        table.add_row(str(size), f"{peak:.2f}", f"{seconds:.0f}")
    if options.memory:
        console.print(table)


if __name__ == "__main__":
    main()
