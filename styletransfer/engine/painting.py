"""One loaded painter at work: groups requests, paints them whole or in tiles, applies the controls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import safetensors  # noqa: F401 - its absence must show on import, as torch's does
import torch
from torch import Tensor

from styletransfer.engine.alpha import fill_transparent
from styletransfer.engine.base import NormStatistics, OutOfMemoryError, PaintRequest, Pixels, StyleCode
from styletransfer.engine.controls import Amounts, apply_controls, to_bytes
from styletransfer.engine.device import choose_device, choose_precision
from styletransfer.engine.graphs import PaintingGraphs, paint_batch
from styletransfer.engine.painter import load_painter
from styletransfer.engine.resampling import limited
from styletransfer.engine.statistics import pooled, read_statistics
from styletransfer.engine.subject_painting import find_box, paint_by_subject, subject_crop

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
        self.graphs = PaintingGraphs(self.painter) if self.device.type == "cuda" else None

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
        try:
            with _memory_errors():
                for index, request in enumerate(requests):
                    if _is_by_subject(request):
                        results[index] = self._paint_by_subject(request)
                for indices in self._groups(requests):
                    painted = self._paint_group([requests[i] for i in indices])
                    results.update(zip(indices, painted, strict=True))
        except OutOfMemoryError:
            if self.graphs is not None:
                self.graphs.clear()
            raise
        return [results[i] if i in results else requests[i].photo.copy() for i in range(len(requests))]

    def _groups(self, requests: Sequence[PaintRequest]) -> Iterator[list[int]]:
        """Indices of requests to paint at once: of equal size, as many as fit."""
        by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, request in enumerate(requests):
            if request.options.strength > 0 and not _is_by_subject(request):
                by_size[request.photo.shape[:2]].append(index)
        for (height, width), indices in by_size.items():
            count = max(1, self.batch_pixels // (height * width))
            yield from (indices[i : i + count] for i in range(0, len(indices), count))

    def _paint_group(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        photos = self._uploaded([_opaque(request.photo) for request in requests])
        codes = self._codes(requests, photos)
        amounts = Amounts.of([request.options for request in requests], self.device)
        height, width = photos.shape[2:]
        if height * width > self.whole_pixels:
            painted = torch.cat(
                [
                    apply_controls(
                        photos[i : i + 1],
                        self._paint_large(photos[i : i + 1], codes[i : i + 1]),
                        amounts.one(i),
                    )
                    for i in range(len(requests))
                ]
            )
        elif self.graphs is not None:
            painted = self.graphs.paint(photos, codes, amounts)
        else:
            painted = paint_batch(self.painter, photos, codes, amounts)
        pixels = _downloaded(painted)
        return [_with_alpha(each, request.photo) for each, request in zip(pixels, requests, strict=True)]

    def _uploaded(self, photos: Sequence[Pixels]) -> Tensor:
        """Photos (height, width, 3) of one size as (B, 3, H, W) on the device."""
        if self.device.type == "cuda":
            # Page-locked memory is copied to the GPU while Python goes on.
            batch = torch.empty(len(photos), *photos[0].shape, dtype=torch.uint8, pin_memory=True)
            for row, photo in zip(batch.numpy(), photos, strict=True):
                row[:] = photo
            batch = batch.to(self.device, non_blocking=True)
        else:
            batch = torch.from_numpy(np.stack(photos) if len(photos) > 1 else photos[0][None])
        return batch.permute(0, 3, 1, 2)

    @torch.inference_mode()
    def collect_statistics(self, requests: Sequence[PaintRequest]) -> NormStatistics:
        """Pooled statistics of the requests' subjects, each painted with its code."""
        found = []
        with _memory_errors():
            for request in requests:
                crop = subject_crop(self._uploaded([_opaque(request.photo)]), find_box(request.mask))
                self.painter.collect_statistics(crop, self._codes([request], crop))
                found.append(read_statistics(self.painter))
        return pooled(found)

    def _paint_by_subject(self, request: PaintRequest) -> Pixels:
        photo, box = self._uploaded([_opaque(request.photo)]), find_box(request.mask)
        painted = paint_by_subject(
            self.painter,
            photo,
            self._codes([request], subject_crop(photo, box)),
            box,
            amounts=Amounts.of([request.options], self.device),
            norms=request.norms,
            paint_large=self._paint_frozen,
            whole_pixels=self.whole_pixels,
        )
        return _with_alpha(_downloaded(painted)[0], request.photo)

    def _codes(self, requests: Sequence[PaintRequest], photos: Tensor) -> Tensor:
        """The codes to paint with (B, 128): from the photo's own at strength 0 to the style's at 1."""
        styles = np.stack([np.asarray(request.code, np.float32) for request in requests])
        codes = torch.from_numpy(styles).to(self.device)
        strengths = [request.options.strength for request in requests]
        weak = [index for index, strength in enumerate(strengths) if strength < 1]
        if weak:
            amount = torch.tensor([[strengths[index]] for index in weak], device=self.device)
            codes[weak] = torch.lerp(self._code(photos[weak]), codes[weak], amount)
        return codes

    def _code(self, pictures: Tensor) -> Tensor:
        return self.painter.style_code(limited(pictures, REFERENCE_SIDE))

    def _paint_large(self, photo: Tensor, code: Tensor) -> Tensor:
        """Paint (1, 3, H, W) uint8 in tiles."""
        self.painter.collect_statistics(photo, code)
        return self._paint_frozen(photo, code)

    def _paint_frozen(self, photo: Tensor, code: Tensor) -> Tensor:
        """Paint (1, 3, H, W) uint8 with the statistics collected last, in tiles where it is large."""
        if photo[0, 0].numel() <= self.whole_pixels:
            return to_bytes(self.painter.paint_frozen(photo, code))
        painted = torch.empty_like(photo)
        for tile, pixels in self.painter.paint_tiles(photo, code, self.tile_side):
            painted[:, :, tile.rows.start : tile.rows.stop, tile.columns.start : tile.columns.stop] = (
                to_bytes(pixels)
            )
        return painted


def _is_by_subject(request: PaintRequest) -> bool:
    by_subject = request.options.statistics == "subject" or request.norms is not None
    return by_subject and request.options.strength > 0


def _to_tensor(pixels: Pixels) -> Tensor:
    """(height, width, channels) to (1, 3, height, width) uint8."""
    return torch.from_numpy(np.ascontiguousarray(pixels[..., :3])).permute(2, 0, 1)[None]


def _opaque(pixels: Pixels) -> Pixels:
    """(height, width, 3) without transparency."""
    if pixels.shape[2] == 3 or pixels[..., 3].min() == 255:
        return np.ascontiguousarray(pixels[..., :3])
    alpha = torch.from_numpy(pixels[..., 3].astype(np.float32) / 255)[None, None]
    filled = _downloaded(to_bytes(fill_transparent(_to_tensor(pixels).float() / 255, alpha)))
    return cast(Pixels, filled[0])


def _downloaded(pictures: Tensor) -> Pixels:
    """(B, 3, H, W) uint8 on any device to (B, height, width, 3)."""
    pixels = pictures.permute(0, 2, 3, 1).contiguous()
    if pixels.is_cuda:
        on_host = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=True)
        pixels = on_host.copy_(pixels)
    return cast(Pixels, pixels.numpy())


def _with_alpha(painted: Pixels, photo: Pixels) -> Pixels:
    """A painting (height, width, 3) with the photo's alpha, if it has one."""
    return np.concatenate((painted, photo[..., 3:]), axis=2) if photo.shape[2] == 4 else painted


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
