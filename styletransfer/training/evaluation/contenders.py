"""What is judged: painters by their weights, engines of the registry, and baselines that learn nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from styletransfer.engine.base import Engine, PaintOptions, PaintRequest, Pixels
from styletransfer.engine.controls import Amounts, apply_controls, to_bytes
from styletransfer.engine.device import choose_device, choose_precision
from styletransfer.engine.painter import Painter, load_painter
from styletransfer.imaging.colour import lab_to_rgb, rgb_to_lab
from styletransfer.training.evaluation.pictures import NamedPicture

PLAIN = PaintOptions()


class Contender(Protocol):
    """A way to paint a photo in the look of a picture."""

    name: str
    follows_options: bool

    def paint(
        self, photo: NamedPicture, styles: Sequence[NamedPicture], options: PaintOptions = PLAIN
    ) -> list[Pixels]:
        """The photo in every style, each of the photo's size."""
        ...


class PhotoItself:
    """The photo unchanged: the best structure and the worst style that are possible."""

    name = "photo itself"
    follows_options = False

    def paint(
        self, photo: NamedPicture, styles: Sequence[NamedPicture], options: PaintOptions = PLAIN
    ) -> list[Pixels]:
        """The photo, once for every style."""
        return [photo.pixels for _ in styles]


class ReinhardTransfer:
    """Colour transfer: mean and standard deviation of each CIELAB channel become the style's.

    Reinhard, Ashikhmin, Gooch, Shirley, "Color transfer between images", IEEE CG&A 21(5), 2001, with CIELAB
    where they use l-alpha-beta.
    """

    name = "Reinhard colour transfer"
    follows_options = False

    def paint(
        self, photo: NamedPicture, styles: Sequence[NamedPicture], options: PaintOptions = PLAIN
    ) -> list[Pixels]:
        """The photo in the colours of every style."""
        lab = rgb_to_lab(photo.pixels)
        mean, deviation = lab.mean((0, 1)), lab.std((0, 1))
        paintings = []
        for style in styles:
            wanted = rgb_to_lab(style.pixels)
            gain = wanted.std((0, 1)) / np.maximum(deviation, 1e-3)
            paintings.append(lab_to_rgb((lab - mean) * gain + wanted.mean((0, 1))))
        return paintings


class WeightsContender:
    """A painter by its weights file; the network runs once for all options of a pair.

    Args:
        weights: a .safetensors file; None for the shipped weights.
        name: how to call it in the report; the file's stem by default.
        device: "auto", "cpu", "cuda", ...
        precision: "auto", "bf16" or "fp32".
    """

    follows_options = True

    def __init__(
        self, weights: Path | None, name: str = "", device: str = "auto", precision: str = "auto"
    ) -> None:
        self.weights = weights
        self.name = name or (weights.stem if weights else "shipped weights")
        self.device = choose_device(device)
        self.painter: Painter = load_painter(weights, self.device, choose_precision(self.device, precision))
        self._codes: dict[str, torch.Tensor] = {}
        self._kept: dict[tuple[str, str, float], torch.Tensor] = {}

    def paint(
        self, photo: NamedPicture, styles: Sequence[NamedPicture], options: PaintOptions = PLAIN
    ) -> list[Pixels]:
        """The photo in every style with ``options``."""
        if any(key[0] != photo.name for key in self._kept):
            self._kept.clear()
        source = as_tensor(photo.pixels)
        paintings = []
        for style in styles:
            key = (photo.name, style.name, options.strength)
            if key not in self._kept:
                code = torch.lerp(self.code(photo), self.code(style), options.strength)
                self._kept[key] = self.painted(photo.pixels, code)
            paintings.append(as_pixels(apply_controls(source, self._kept[key], Amounts.of([options]))))
        return paintings

    def code(self, picture: NamedPicture) -> torch.Tensor:
        """Mean style code (1, 128) of a picture; kept by name."""
        if picture.name not in self._codes:
            self._codes[picture.name] = self.code_of(picture.pixels)
        return self._codes[picture.name]

    @torch.inference_mode()
    def code_of(self, pixels: Pixels) -> torch.Tensor:
        """Mean style code (1, 128) of pixels (height, width, 3)."""
        return self.painter.style_code(as_tensor(pixels)).cpu()

    @torch.inference_mode()
    def painted(self, pixels: Pixels, code: torch.Tensor) -> torch.Tensor:
        """Painting (1, 3, height, width) uint8 of pixels (height, width, 3) in a code (1, 128)."""
        return to_bytes(self.painter.paint(as_tensor(pixels), code)).cpu()


class EngineContender:
    """Any engine of the registry behind the ``Engine`` protocol."""

    follows_options = True

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self.engine = engine
        self._codes: dict[str, np.ndarray] = {}

    def paint(
        self, photo: NamedPicture, styles: Sequence[NamedPicture], options: PaintOptions = PLAIN
    ) -> list[Pixels]:
        """The photo in every style with ``options``."""
        return self.engine.paint([PaintRequest(photo.pixels, self._code(style), options) for style in styles])

    def _code(self, style: NamedPicture) -> np.ndarray | None:
        if not self.engine.uses_style_code:
            return None
        if style.name not in self._codes:
            self._codes[style.name] = self.engine.style_code([style.pixels])
        return self._codes[style.name]


def unique_names(contenders: Sequence[Contender]) -> Mapping[str, Contender]:
    """Contenders by name.

    Raises:
        ValueError: two have one name, so that the report could not tell them apart.
    """
    named = {contender.name: contender for contender in contenders}
    if len(named) < len(contenders):
        raise ValueError("Two contenders have one name; rename one of the weights files.")
    return named


def as_tensor(pixels: Pixels) -> torch.Tensor:
    """(height, width, 3) to (1, 3, height, width)."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]


def as_pixels(picture: torch.Tensor) -> Pixels:
    """(1, 3, height, width) uint8 to (height, width, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy())
