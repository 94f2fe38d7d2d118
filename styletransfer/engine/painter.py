"""The painter as one network: style codes and paintings of any size, whole or in tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.engine.networks import ContentEncoder, Generator, StyleEncoder
from styletransfer.engine.normalisation import NormMode, norm_mode
from styletransfer.engine.resampling import limited
from styletransfer.engine.tiling import STRIDE, Tile, reflected, round_up, tiles
from styletransfer.engine.weights import find_weights, load_weights

# Convolutions pad with zeros, which shows as a frame up to 64 px wide; reflecting the photo keeps it outside.
MARGIN = 64
# Statistics are measured as they were while the weights were trained: on pictures about this size, reflected
# by 16 px. At other sizes and margins they differ, which costs 3 to 5 dB of what the painter reconstructs.
STATISTICS_SIDE, STATISTICS_MARGIN = 384, 16


class Painter(nn.Module):
    """Content encoder, style encoder and generator with their trained weights.

    Pictures are (B, 3, H, W), sRGB, either uint8 or float in [0, 1]; paintings are float32 in [0, 1].
    ``margin`` is how far photos are reflected beyond their borders while they are painted, a multiple of 4.
    """

    def __init__(self, margin: int = MARGIN) -> None:
        super().__init__()
        self.content_encoder, self.style_encoder, self.generator = (
            ContentEncoder(),
            StyleEncoder(),
            Generator(),
        )
        self.dtype = torch.float32
        self.margin = margin

    def convert(self, device: torch.device, dtype: torch.dtype) -> Painter:
        """Move to ``device`` and run the painting's convolutions in ``dtype``.

        Style codes, affine parameters and statistics stay in float32: they are cheap, and errors in them
        shift the whole picture.
        """
        self.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in (self.content_encoder, self.generator):
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d):
                    layer.to(dtype)
        self.dtype = dtype
        return self

    def style_code(self, pictures: Tensor) -> Tensor:
        """Mean style codes (B, 128) of pictures (B, 3, H, W)."""
        mean: Tensor = self.style_encoder(_unit_range(pictures).to(self._device) * 2 - 1)[0]
        return mean

    def paint(self, photos: Tensor, codes: Tensor, anchor: tuple[int, int] = (0, 0)) -> Tensor:
        """Photos (B, 3, H, W) of any size from 1 px in the styles of ``codes`` (B, 128).

        The network sees every fourth row and column best; ``anchor`` is the row and the column of the photos
        that it shall start from.
        """
        self.collect_statistics(photos, codes)
        return self.paint_frozen(photos, codes, anchor)

    def collect_statistics(self, photos: Tensor, codes: Tensor) -> None:
        """Keep the norm layers' statistics of these paintings for ``paint_frozen`` and ``paint_tiles``.

        They are those of copies of at most ``STATISTICS_SIDE`` px: what the weights know.
        """
        small = limited(photos, STATISTICS_SIDE)
        with norm_mode(self, NormMode.COLLECT):
            self._paint_reflected(small, codes, STATISTICS_MARGIN)

    def paint_frozen(self, photos: Tensor, codes: Tensor, anchor: tuple[int, int] = (0, 0)) -> Tensor:
        """Like ``paint``, with the statistics collected last."""
        with norm_mode(self, NormMode.FROZEN):
            return self._paint_reflected(photos, codes, self.margin, anchor)

    def paint_tiles(self, photo: Tensor, code: Tensor, side: int) -> Iterator[tuple[Tile, Tensor]]:
        """Paint a photo (1, 3, H, W) in tiles of at most ``side`` px with the statistics collected last.

        Yields every tile with its painting (1, 3, height, width); together they equal ``paint_frozen``.
        """
        for tile in tiles(photo.shape[2], photo.shape[3], side, self.margin):
            rows, columns = tile.rows, tile.columns
            with norm_mode(self, NormMode.FROZEN):
                painted = self._paint_window(
                    photo,
                    code,
                    (rows.read_start, rows.read_stop),
                    (columns.read_start, columns.read_stop),
                )
            top, left = rows.start - rows.read_start, columns.start - columns.read_start
            height, width = rows.stop - rows.start, columns.stop - columns.start
            yield tile, painted[:, :, top : top + height, left : left + width]

    def _paint_reflected(
        self, photos: Tensor, codes: Tensor, margin: int, anchor: tuple[int, int] = (0, 0)
    ) -> Tensor:
        """Paint photos (B, 3, H, W) reflected by ``margin``; the reflection is cut off again."""
        height, width = photos.shape[2:]
        top, left = (-margin - (-at) % STRIDE for at in anchor)
        rows = (top, top + round_up(height + margin - top))
        columns = (left, left + round_up(width + margin - left))
        painted = self._paint_window(photos, codes, rows, columns)
        return painted[:, :, -top : height - top, -left : width - left]

    def _paint_window(
        self, photos: Tensor, codes: Tensor, rows: tuple[int, int], columns: tuple[int, int]
    ) -> Tensor:
        """Paint what lies in ``rows`` and ``columns`` of the reflect-padded photos."""
        height, width = photos.shape[2:]
        row_index = reflected(*rows, height, photos.device)
        column_index = reflected(*columns, width, photos.device)
        window = photos[:, :, row_index[:, None], column_index].to(self._device)
        network_input = (_unit_range(window) * 2 - 1).to(self.dtype, memory_format=torch.channels_last)
        painted: Tensor = self.generator(self.content_encoder(network_input), codes.to(self._device))
        return painted.float()

    @property
    def _device(self) -> torch.device:
        return self.generator.fc1.weight.device


def load_painter(
    weights: str | Path | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    margin: int = MARGIN,
) -> Painter:
    """The painter with the weights at the path given, or the shipped ones, ready to paint.

    Raises:
        EngineUnavailableError: the weights are missing, damaged or of another architecture.
    """
    file = find_weights(weights)
    painter = Painter(margin).eval().requires_grad_(False)
    try:
        painter.load_state_dict(load_weights(file))
    except RuntimeError as error:
        raise EngineUnavailableError(f"{file.path} holds another architecture's weights: {error}") from error
    return painter.convert(torch.device(device), dtype)


def _unit_range(pictures: Tensor) -> Tensor:
    return pictures.float() / 255 if pictures.dtype == torch.uint8 else pictures.float()
