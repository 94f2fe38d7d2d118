"""The onnx engine against the painter engine in fp32 and bf16 on this CPU, taking turns on the same photo.

    python benchmarks/onnx.py [--folder EXPORTED] [--side 512] [--rounds 3]

Prints seconds of processor time and of wall clock a picture (medians), and how far the paintings differ.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from styletransfer.engine.base import Engine, PaintOptions, PaintRequest
from styletransfer.engine.onnx_engine import OnnxEngine
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.training.synthetic_styles.artworks import artwork


def main() -> None:
    """Measure and print."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--folder", type=Path, help="What export_onnx wrote; exported anew by default.")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.folder is None:
        from styletransfer.engine.onnx_export import export_painter

        options.folder = Path(tempfile.mkdtemp())
        print(f"exported, at most {export_painter(options.folder):.1e} from torch")
    engines: dict[str, Engine] = {
        "painter fp32": PainterEngine(device="cpu", precision="fp32"),
        "painter bf16": PainterEngine(device="cpu", precision="bf16"),
        "onnx": OnnxEngine(folder=options.folder),
    }
    photo = artwork("cel", 1, side=options.side)
    code = engines["painter fp32"].style_code([artwork("oil", 1)])
    for label, amounts in {"plain": PaintOptions(), "calm 0.9": PaintOptions(calm=0.9)}.items():
        compare(label, engines, PaintRequest(photo, code, amounts), options.rounds)


def compare(label: str, engines: dict[str, Engine], request: PaintRequest, rounds: int) -> None:
    """One table row an engine."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    pictures = {name: engine.paint([request])[0].astype(int) for name, engine in engines.items()}
    for _ in range(rounds):
        for name, engine in engines.items():
            wall, processor = time.perf_counter(), time.process_time()
            engine.paint([request])
            times[name].append((time.process_time() - processor, time.perf_counter() - wall))
    for name, found in times.items():
        processor, wall = (statistics.median(part) for part in zip(*found, strict=True))
        apart = np.abs(pictures[name] - pictures["painter fp32"]).mean()
        print(
            f"{label:10} {name:14} processor {processor:6.2f} s  wall {wall:6.2f} s  {apart:.3f} of 255 apart"
        )


if __name__ == "__main__":
    main()
