"""The shipped engine: style codes and paintings by the VAE-GAN painter. Imports torch on first use only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from styletransfer.engine.base import (
    CODE_SIZE,
    EngineError,
    EngineUnavailableError,
    NormStatistics,
    PaintRequest,
    Pixels,
    StyleCode,
)
from styletransfer.engine.weights import find_weights

if TYPE_CHECKING:
    from styletransfer.engine.painting import PaintingSession

# Raise when the same request gives other pixels; every variant is then painted anew.
PAINTING_VERSION = "3"
SMALLEST_SIDE = 16


class PainterEngine:
    """The painter behind the ``Engine`` protocol.

    Args:
        weights: path of a .safetensors file; None for the shipped weights.
        device: "auto", "cpu", "cuda", "cuda:1", ...
        precision: "auto", "bf16" or "fp32".
        whole_pixels: larger pictures are painted in tiles with the statistics of a preview of this many
            pixels; None for 1.6 million on the CPU and 20 million elsewhere.
        tile_side: longest side of a tile in px, a multiple of 4.
    """

    uses_style_code = True
    returns_detail = True

    def __init__(
        self,
        *,
        weights: str | Path | None = None,
        device: str = "auto",
        precision: str = "auto",
        whole_pixels: int | None = None,
        tile_side: int = 1024,
    ) -> None:
        self.weights = weights
        self.device = device
        self.precision = precision
        self.whole_pixels = whole_pixels
        self.tile_side = tile_side
        self._session: PaintingSession | None = None

    def digest(self) -> str:
        """Hex digest of the weights and of ``PAINTING_VERSION``; needs no torch.

        Raises:
            EngineUnavailableError: the weights are missing.
        """
        stated = f"painter:{PAINTING_VERSION}:{find_weights(self.weights).sha256}"
        return hashlib.sha256(stated.encode()).hexdigest()

    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """Mean style code (128,) of one or more reference pictures (height, width, 3) uint8.

        Raises:
            EngineError: no reference, or one that is no such picture.
            EngineUnavailableError: torch or the weights are missing.
        """
        if not references:
            raise EngineError("A style needs at least one reference picture.")
        for reference in references:
            check_pixels(reference)
        return self._painting().style_code(references)

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Paint every request; requests may differ in shape, code and options.

        Raises:
            EngineError: a picture is too small or of another type, or a request has no valid code.
            OutOfMemoryError: try again with fewer pictures.
            EngineUnavailableError: torch or the weights are missing.
        """
        for request in requests:
            check_pixels(request.photo)
            _check_code(request.code)
        if all(request.options.strength == 0 for request in requests):
            return [request.photo.copy() for request in requests]
        return self._painting().paint(requests)

    def collect_statistics(self, requests: Sequence[PaintRequest]) -> NormStatistics:
        """What the norm layers measure on the requests' subjects, pooled: like colours are painted alike.

        Raises:
            EngineError: no request, or one that cannot be painted.
            OutOfMemoryError: a picture does not fit.
            EngineUnavailableError: torch or the weights are missing.
        """
        if not requests:
            raise EngineError("Statistics of a collection need at least one photo.")
        for request in requests:
            check_pixels(request.photo)
            _check_code(request.code)
        return self._painting().collect_statistics(requests)

    def _painting(self) -> PaintingSession:
        if self._session is None:
            try:
                from styletransfer.engine.painting import PaintingSession  # noqa: PLC0415 - imports torch
            except ImportError as error:
                raise EngineUnavailableError(
                    f"Painting needs torch and safetensors ({error}). "
                    'Install them with: pip install "django-styletransfer[painter]"'
                ) from error
            self._session = PaintingSession(
                self.weights, self.device, self.precision, self.whole_pixels, self.tile_side
            )
        return self._session


def check_pixels(pixels: Pixels) -> None:
    """Refuse anything but (height, width, 3 or 4) uint8 of at least 16 px a side.

    Raises:
        EngineError: says what is wrong.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise EngineError(
            f"A picture must be (height, width, 3 or 4) uint8, not {pixels.shape} {pixels.dtype}; "
            "convert it to RGB or RGBA first."
        )
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        height, width = pixels.shape[:2]
        raise EngineError(f"A picture must have at least {SMALLEST_SIDE} px a side, not {width} x {height}.")


def _check_code(code: StyleCode | None) -> None:
    if code is None or np.shape(code) != (CODE_SIZE,) or not np.isfinite(code).all():
        raise EngineError(
            f"The painter needs a style code of {CODE_SIZE} finite numbers; compute the preset's code."
        )
