"""Time and size of every encoder setting for renditions and masters, on one picture.

    python benchmarks/encode.py PICTURE [--side 1024]

Times are CPU milliseconds, the best of three; SSIM is against the unencoded picture. The defaults of
``styletransfer/imaging/encode.py`` come from this table.
"""

import argparse
import io
import time
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from styletransfer.imaging.decode import decode
from styletransfer.imaging.encode import encode_master, encode_renditions
from styletransfer.imaging.fidelity import ssim

SETTINGS = {
    **{
        f"AVIF q63 speed {speed}": ("AVIF", {"quality": 63, "speed": speed, "max_threads": 1})
        for speed in (10, 8, 7, 6)
    },
    **{f"WebP q80 method {method}": ("WEBP", {"quality": 80, "method": method}) for method in (0, 2, 4, 6)},
    "JPEG q82 progressive": ("JPEG", {"quality": 82, "progressive": True, "optimize": True}),
    "JPEG q82 baseline": ("JPEG", {"quality": 82}),
    **{f"PNG level {level}": ("PNG", {"compress_level": level}) for level in (1, 3, 6)},
    "PNG level 1, run length": ("PNG", {"compress_level": 1, "compress_type": zlib.Z_RLE}),
    "WebP lossless, method 0": ("WEBP", {"lossless": True, "quality": 0, "method": 0}),
}


def timed(action):
    """(result, CPU milliseconds) of the fastest of three calls."""
    times = []
    for _ in range(3):
        start = time.process_time()
        result = action()
        times.append(time.process_time() - start)
    return result, 1000 * min(times)


def encode(image, image_format, options):
    """The file that Pillow writes with these options."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def main():
    """Print the table and the totals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", type=Path)
    parser.add_argument("--side", type=int, default=1024, help="side of the square it is scaled to")
    arguments = parser.parse_args()
    size = (arguments.side, arguments.side)
    image = Image.fromarray(decode(arguments.picture.read_bytes()).pixels).convert("RGB").resize(size)
    pixels = np.asarray(image)

    table = Table("setting", "ms", "KiB", "SSIM", title=f"{arguments.picture.name} at {size[0]} px")
    for name, (image_format, options) in SETTINGS.items():
        data, milliseconds = timed(lambda chosen=(image_format, options): encode(image, *chosen))
        table.add_row(
            name, f"{milliseconds:.0f}", f"{len(data) / 1024:.0f}", f"{ssim(pixels, decode(data).pixels):.4f}"
        )
    console = Console()
    console.print(table)
    renditions, milliseconds = timed(lambda: encode_renditions(pixels, [320, 640, 1024]))
    total = sum(len(each.data) for each in renditions) / 1024
    console.print(f"encode_renditions, 3 widths x 3 formats: {milliseconds:.0f} ms, {total:.0f} KiB")
    master, milliseconds = timed(lambda: encode_master(pixels))
    console.print(f"encode_master: {milliseconds:.0f} ms, {len(master) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
