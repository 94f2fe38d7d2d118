"""MicroAST's published weights beside the shipped painter, on the pairs of ``evaluate_painter``.

    python benchmarks/peer_microast.py --peer FOLDER --content photos.tar --styles artworks/ --out report

FOLDER holds the four files that its authors publish: content_encoder*, style_encoder*, modulator* and
decoder* (.pth.tar). Wang et al., "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style Transfer",
AAAI 2023 (https://arxiv.org/abs/2211.15313). The layers below are written from the paper and from the
published network definition; its code is not copied. Files are read with ``weights_only``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from rich.console import Console
from torch import Tensor

from styletransfer.engine.base import PaintOptions, Pixels
from styletransfer.training.evaluation import comparing
from styletransfer.training.evaluation.contenders import as_pixels, as_tensor
from styletransfer.training.evaluation.pictures import NamedPicture

PARTS = ("content_encoder", "style_encoder", "modulator", "decoder")
EPSILON = 1e-5
Tensors = dict[str, Tensor]


class MicroAst:
    """The peer, run from its tensors; a convolution's groups follow from its weights' shape."""

    name = "MicroAST"
    follows_options = False

    def __init__(self, folder: Path) -> None:
        self.parts = {part: _read(folder, part) for part in PARTS}

    @torch.inference_mode()
    def paint(
        self, photo: NamedPicture, styles: Sequence[NamedPicture], options: PaintOptions | None = None
    ) -> list[Pixels]:
        """The photo in every style."""
        height, width = photo.pixels.shape[:2]
        border = ((0, -height % 4), (0, -width % 4), (0, 0))
        content = self._encoded("content_encoder", np.pad(photo.pixels, border, mode="edge"))
        paintings = []
        for style in styles:
            looks = self._encoded("style_encoder", style.pixels)
            painted = self._decoded(content, looks, self._filters(looks))[:, :, :height, :width]
            paintings.append(as_pixels((painted.clamp(0, 1) * 255).round().to(torch.uint8)))
        return paintings

    def _encoded(self, part: str, pixels: Pixels) -> tuple[Tensor, Tensor]:
        """Maps after the first and the second residual layer, at a quarter of the size."""
        tensors = self.parts[part]
        maps = as_tensor(pixels).float() / 255
        for layer, stride in ((0, 1), (2, 2), (4, 1), (6, 2), (8, 1)):
            maps = F.relu(_convolved(tensors, f"enc1.{layer}", maps, stride))
        first = _residual(tensors, "enc1.10", maps)
        return first, _residual(tensors, "enc2.0", first)

    def _filters(self, looks: tuple[Tensor, Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Gain and shift (1, channels, 1, 1) of the decoder's filters, for either depth."""
        tensors = self.parts["modulator"]
        return [
            (
                _convolved(tensors, f"weight{depth}.0", maps).mean((2, 3), keepdim=True),
                _convolved(tensors, f"bias{depth}.0", maps).mean((2, 3), keepdim=True),
            )
            for depth, maps in enumerate(looks, 1)
        ]

    def _decoded(
        self,
        content: tuple[Tensor, Tensor],
        looks: tuple[Tensor, Tensor],
        filters: list[tuple[Tensor, Tensor]],
    ) -> Tensor:
        tensors = self.parts["decoder"]
        maps = _residual(tensors, "dec1", _with_statistics(content[1], looks[1]), filters[1])
        maps = _residual(tensors, "dec2", _with_statistics(maps, looks[0]), filters[0])
        for layers in ((1, 3), (6, 8)):
            maps = F.interpolate(maps, scale_factor=2, mode="bilinear")
            for layer in layers:
                maps = F.relu(_convolved(tensors, f"dec3.{layer}", maps))
        return _convolved(tensors, "dec3.10", maps)


def _read(folder: Path, part: str) -> Tensors:
    found = sorted(folder.glob(f"{part}*.pth.tar"))
    if not found:
        raise ValueError(f"{folder} has no {part}*.pth.tar; the authors' repository EndyWon/MicroAST has it.")
    tensors: Tensors = torch.load(found[-1], map_location="cpu", weights_only=True)
    return tensors


def _convolved(tensors: Tensors, name: str, maps: Tensor, stride: int = 1) -> Tensor:
    """A reflect-padded convolution."""
    try:
        weight, bias = tensors[f"{name}.conv_layer.weight"], tensors[f"{name}.conv_layer.bias"]
    except KeyError as error:
        raise ValueError(f"These are not MicroAST's weights: {error} is missing.") from error
    padding = weight.shape[-1] // 2
    padded = F.pad(maps, (padding,) * 4, mode="reflect")
    return F.conv2d(padded, weight, bias, stride, groups=maps.shape[1] // weight.shape[1])


def _residual(
    tensors: Tensors, name: str, maps: Tensor, filters: tuple[Tensor, Tensor] | None = None
) -> Tensor:
    """Two convolutions and the sum; with ``filters``, each gives gain * convolution + shift * its input."""
    gain, shift = filters or (torch.ones(1), torch.zeros(1))
    hidden = F.relu(gain * _convolved(tensors, f"{name}.conv1", maps) + shift * maps)
    return maps + gain * _convolved(tensors, f"{name}.conv2", hidden) + shift * hidden


def _with_statistics(maps: Tensor, looks: Tensor) -> Tensor:
    """``maps`` with the means and deviations of ``looks``."""
    variance, mean = torch.var_mean(maps, (2, 3), keepdim=True)
    wanted_variance, wanted_mean = torch.var_mean(looks, (2, 3), keepdim=True)
    return (maps - mean) * ((wanted_variance + EPSILON) / (variance + EPSILON)).sqrt() + wanted_mean


def main() -> int:
    """Compare; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    comparing.add_arguments(parser)
    parser.add_argument("--peer", type=Path, required=True, help="Folder with the four .pth.tar files.")
    options = parser.parse_args()
    options.shipped = True
    try:
        comparing.compare(options, {}, Console(), [MicroAst(options.peer)])
    except comparing.USER_ERRORS as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
