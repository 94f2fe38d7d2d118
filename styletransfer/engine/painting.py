"""One loaded painter at work: groups requests, paints them whole or in tiles, applies the controls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import safetensors  # noqa: F401 - its absence must show on import, as torch's does
import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor

from styletransfer.engine.alpha import fill_transparent
from styletransfer.engine.base import OutOfMemoryError, PaintRequest, Pixels, StyleCode
from styletransfer.engine.controls import apply_controls, to_bytes
from styletransfer.engine.device import choose_device, choose_precision
from styletransfer.engine.painter import load_painter

REFERENCE_SIDE = 384  # longer side at which looks are read: what the style encoder was trained on
WHOLE_PIXELS_CPU = 1_600_000
WHOLE_PIXELS_GPU = 20_000_000


class PaintingSession:
    """A painter on its device. See ``PainterEngine`` for the arguments."""

    def __init__(
        self,
        weights: str | Path | None,
        device: str,
        precision: str,
        whole_pixels: int | None,
        tile_side: int,
    ) -> None:
        self.device = choose_device(device)
        self.painter = load_painter(weights, self.device, choose_precision(self.device, precision))
        on_cpu = self.device.type == "cpu"
        self.whole_pixels = whole_pixels or (WHOLE_PIXELS_CPU if on_cpu else WHOLE_PIXELS_GPU)
        self.tile_side = tile_side
        # On the CPU a batch only makes the maps too large for its caches.
        self.batch_pixels = 1 if on_cpu else self.whole_pixels

    @torch.inference_mode()
    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """Mean code (128,) of the references."""
        with _memory_errors():
            codes = [self._code(_to_tensor(reference)) for reference in references]
            return cast(StyleCode, torch.cat(codes).mean(0).cpu().numpy())

    @torch.inference_mode()
    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Paint the requests, those of one shape together, and return them in order."""
        results: dict[int, Pixels] = {}
        with _memory_errors():
            for indices in self._groups(requests):
                painted = self._paint_group([requests[i] for i in indices])
                results.update(zip(indices, painted, strict=True))
        return [results[i] if i in results else requests[i].photo.copy() for i in range(len(requests))]

    def _groups(self, requests: Sequence[PaintRequest]) -> Iterator[list[int]]:
        """Indices of requests to paint at once: of equal size, as many as fit."""
        by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, request in enumerate(requests):
            if request.options.strength > 0:
                by_size[request.photo.shape[:2]].append(index)
        for (height, width), indices in by_size.items():
            count = max(1, self.batch_pixels // (height * width))
            yield from (indices[i : i + count] for i in range(0, len(indices), count))

    def _paint_group(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        photos = [_opaque(request.photo) for request in requests]
        codes = torch.cat([self._request_code(*pair) for pair in zip(requests, photos, strict=True)])
        height, width = requests[0].photo.shape[:2]
        paintings: Iterable[Tensor]
        if height * width <= self.whole_pixels:
            paintings = to_bytes(self.painter.paint(torch.cat(photos), codes)).unsqueeze(1)
        else:
            paintings = (self._paint_large(*pair) for pair in zip(photos, codes.unsqueeze(1), strict=True))
        return [
            _with_alpha(apply_controls(photo.to(painted.device), painted, request.options), request.photo)
            for request, photo, painted in zip(requests, photos, paintings, strict=True)
        ]

    def _request_code(self, request: PaintRequest, photo: Tensor) -> Tensor:
        """The code to paint with (1, 128): from the photo's own at strength 0 to the style's at 1."""
        style = torch.as_tensor(request.code, dtype=torch.float32, device=self.device)[None]
        if request.options.strength == 1:
            return style
        return torch.lerp(self._code(photo), style, request.options.strength)

    def _code(self, picture: Tensor) -> Tensor:
        return self.painter.style_code(_limited(picture, REFERENCE_SIDE / max(picture.shape[2:])))

    def _paint_large(self, photo: Tensor, code: Tensor) -> Tensor:
        """Paint (1, 3, H, W) uint8 in tiles with the statistics of a preview."""
        preview = _limited(photo, (self.whole_pixels / photo[0, 0].numel()) ** 0.5)
        self.painter.collect_statistics(preview, code)
        painted = torch.empty_like(photo)
        for tile, pixels in self.painter.paint_tiles(photo, code, self.tile_side):
            painted[:, :, tile.rows.start : tile.rows.stop, tile.columns.start : tile.columns.stop] = (
                to_bytes(pixels)
            )
        return painted


def _to_tensor(pixels: Pixels) -> Tensor:
    """(height, width, channels) to (1, 3, height, width) uint8."""
    return torch.from_numpy(np.ascontiguousarray(pixels[..., :3])).permute(2, 0, 1)[None]


def _opaque(pixels: Pixels) -> Tensor:
    """(1, 3, height, width) uint8 without transparency."""
    photo = _to_tensor(pixels)
    if pixels.shape[2] == 3 or pixels[..., 3].min() == 255:
        return photo
    alpha = torch.from_numpy(pixels[..., 3].astype(np.float32) / 255)[None, None]
    return to_bytes(fill_transparent(photo.float() / 255, alpha))


def _with_alpha(painted: Tensor, photo: Pixels) -> Pixels:
    """(1, 3, height, width) to (height, width, channels) with the photo's alpha, if it has one."""
    pixels = painted[0].permute(1, 2, 0).cpu().numpy()
    return (
        np.concatenate((pixels, photo[..., 3:]), axis=2)
        if photo.shape[2] == 4
        else np.ascontiguousarray(pixels)
    )


def _limited(picture: Tensor, scale: float) -> Tensor:
    """(1, 3, H, W) uint8 scaled down by ``scale``, or itself where that would enlarge it."""
    if scale >= 1:
        return picture
    size = [max(1, round(side * scale)) for side in picture.shape[2:]]
    return F.interpolate(picture, size, mode="bilinear", antialias=True)


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Raise torch's ways of running out of memory as ``OutOfMemoryError``."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise OutOfMemoryError(str(error)) from error
    except MemoryError as error:
        raise OutOfMemoryError("not enough memory") from error
    except RuntimeError as error:
        if "not enough memory" in str(error) or "DefaultCPUAllocator" in str(error):
            raise OutOfMemoryError(str(error)) from error
        raise
