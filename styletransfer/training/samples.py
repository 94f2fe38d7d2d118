"""Grids of paintings to look at while training runs, and a check of what often goes wrong early."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from styletransfer.engine.painter import Painter
from styletransfer.training.pictures import PictureStore

GRID_PHOTOS = 5
GRID_STYLES = 6
LEAST_CONTRAST = 0.03  # standard deviation of a painting's values
LEAST_DIFFERENCE = 0.02  # mean absolute difference of one photo's paintings in two styles


class SampleSheet:
    """The same photos in the same styles at every look: styles along the top, photos down the left."""

    def __init__(self, photos: PictureStore, artworks: PictureStore, side: int) -> None:
        self.photos = _spread(photos, GRID_PHOTOS, side)
        self.artworks = _spread(artworks, GRID_STYLES, side)

    @torch.no_grad()
    def paint(self, painter: Painter) -> Tensor:
        """Paintings (photos, styles, 3, side, side) in [0, 1], float32."""
        codes = painter.style_code(self.artworks)
        rows = [painter.paint(photo.expand(len(codes), -1, -1, -1), codes) for photo in self.photos]
        return torch.stack(rows).float()

    def grid(self, paintings: Tensor) -> Tensor:
        """One picture (3, height, width) of the paintings with their photos and styles around."""
        corner = torch.ones_like(self.artworks[:1])
        top = torch.cat((corner, self.artworks))
        rows = [
            top,
            *(torch.cat((photo[None], row)) for photo, row in zip(self.photos, paintings, strict=True)),
        ]
        return torch.cat([torch.cat(list(row), 2) for row in rows], 1)


def save_grid(grid: Tensor, path: Path) -> None:
    """Write a picture (3, H, W) in [0, 1] as JPEG or PNG, by the name's ending."""
    pixels = (grid.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, quality=90)


def complaints(paintings: Tensor) -> list[str]:
    """What is visibly wrong with paintings (photos, styles, 3, side, side); empty when nothing is."""
    found = []
    if not torch.isfinite(paintings).all():
        return ["paintings hold values that are no numbers: lower the learning rate"]
    if paintings.flatten(2).std(2).mean() < LEAST_CONTRAST:
        found.append("paintings are nearly uniform: lower the style weights or raise contrast_floor")
    if len(paintings[0]) > 1 and (paintings[:, 1:] - paintings[:, :-1]).abs().mean() < LEAST_DIFFERENCE:
        found.append(
            "every style paints the same picture: the code is ignored; lower kl or raise contrastive"
        )
    if len(paintings) > 1 and (paintings[1:] - paintings[:-1]).abs().mean() < LEAST_DIFFERENCE:
        found.append("every photo gives the same painting: raise content")
    return found


def _spread(store: PictureStore, count: int, side: int) -> Tensor:
    """Centre crops (count, 3, side, side) of pictures spread evenly over the store."""
    device = store.buffer.device
    chosen = torch.linspace(0, len(store) - 1, min(count, len(store)), device=device).round().long()
    heights, widths = store.heights[chosen].float(), store.widths[chosen].float()
    square = torch.minimum(heights, widths)
    windows = torch.stack(((heights - square) / 2, (widths - square) / 2, square, square), 1)
    return store.crops(chosen, windows, side)
