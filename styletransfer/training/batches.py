"""Random batches: crops of photos and of artworks, varied in light, colour and framing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from styletransfer.training.config import TrainingConfig
from styletransfer.training.pictures import PictureStore

EXPOSURE = 0.35  # stops to each side
WHITE_BALANCE = 0.12  # natural logarithm of a channel's gain, to each side
SATURATION = 0.3
HUE_SHARE = 0.5  # of the artworks, rotated in hue
ARTWORK_ZOOM = (0.45, 1.0)  # a crop's side as a share of the artwork's shorter side
PHOTO_ZOOM = (0.6, 1.0)
PLAIN_ZOOM = (1.1, 1.8)  # beyond 1 the crop shows a plain frame around the photo


@dataclass(frozen=True)
class Batch:
    """Photos and artworks (B, 3, side, side) in [0, 1]."""

    photos: Tensor
    artworks: Tensor


class BatchSampler:
    """Draws batches on the pictures' device, the same ones for the same generator state."""

    def __init__(
        self, photos: PictureStore, artworks: PictureStore, config: TrainingConfig, generator: torch.Generator
    ) -> None:
        self.photos, self.artworks, self.config, self.generator = photos, artworks, config, generator
        self.device = photos.buffer.device
        self.artwork_odds = _artwork_odds(artworks, config.painting_share).to(self.device)

    def draw(self) -> Batch:
        """The next batch."""
        return Batch(self._photos(self.config.batch), self._artworks(self.config.batch))

    def _photos(self, count: int) -> Tensor:
        chosen = torch.randint(len(self.photos), (count,), generator=self.generator, device=self.device)
        framed = self._uniform(count) < self.config.plain_share
        zoom = torch.where(framed, self._between(count, *PLAIN_ZOOM), self._between(count, *PHOTO_ZOOM))
        windows = self._windows(self.photos, chosen, zoom)
        fill = self._plain_colours(count)
        crops = self.photos.crops(chosen, windows, self.config.side, fill)
        return vary_light(crops, self._between(count, -EXPOSURE, EXPOSURE), self._gains(count))

    def _artworks(self, count: int) -> Tensor:
        chosen = torch.multinomial(self.artwork_odds, count, replacement=True, generator=self.generator)
        windows = self._windows(self.artworks, chosen, self._between(count, *ARTWORK_ZOOM))
        crops = self.artworks.crops(chosen, windows, self.config.side)
        turned = self._uniform(count) < HUE_SHARE
        angles = torch.where(
            turned, self._uniform(count) * 2 * math.pi, torch.zeros_like(turned, dtype=torch.float)
        )
        return vary_colour(crops, angles, 1 + self._between(count, -SATURATION, SATURATION))

    def _windows(self, store: PictureStore, chosen: Tensor, zoom: Tensor) -> Tensor:
        """(B, 4) square windows: inside the picture where they fit, else around it; half of them mirrored."""
        heights, widths = store.heights[chosen], store.widths[chosen]
        side = zoom * torch.minimum(heights, widths)
        top = self._uniform(len(chosen)) * (heights - side)
        left = self._uniform(len(chosen)) * (widths - side)
        mirrored = self._uniform(len(chosen)) < 0.5
        return torch.stack((top, left, side, torch.where(mirrored, -side, side)), 1)

    def _plain_colours(self, count: int) -> Tensor:
        """(B, 3) colours of studio backgrounds: half white, the others light greys or any colour."""
        grey = self._between(count, 0.75, 1.0)[:, None].expand(-1, 3)
        colour = torch.rand((count, 3), generator=self.generator, device=self.device)
        kind = self._uniform(count)[:, None]
        return torch.where(kind < 0.5, torch.ones_like(colour), torch.where(kind < 0.75, grey, colour))

    def _gains(self, count: int) -> Tensor:
        draws = torch.rand((count, 3), generator=self.generator, device=self.device) * 2 - 1
        return (draws * WHITE_BALANCE).exp()

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, device=self.device)

    def _between(self, count: int, low: float, high: float) -> Tensor:
        return low + self._uniform(count) * (high - low)


def vary_light(pictures: Tensor, stops: Tensor, gains: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) under another exposure (B,), in stops, and light colour (B, 3), as gains.

    Applied to the sRGB values with a gamma of 2.2, which is close enough for variety.
    """
    factor = (2.0 ** (stops[:, None] / 2.2)) * gains
    return (pictures * factor[:, :, None, None]).clamp(0, 1)


def vary_colour(pictures: Tensor, angles: Tensor, saturation: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) turned in hue by ``angles`` (B,), radians, chroma times ``saturation`` (B,).

    Rotation about the grey axis in the YIQ colour space, which keeps luma.
    """
    to_yiq = pictures.new_tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    cos, sin = angles.cos() * saturation, angles.sin() * saturation
    one, zero = torch.ones_like(cos), torch.zeros_like(cos)
    rows = (one, zero, zero, zero, cos, -sin, zero, sin, cos)
    turn = torch.stack(rows, 1).view(-1, 3, 3)
    matrix = torch.linalg.inv(to_yiq) @ turn @ to_yiq
    return torch.einsum("bij,bjhw->bihw", matrix, pictures).clamp(0, 1)


def _artwork_odds(artworks: PictureStore, painting_share: float | None) -> Tensor:
    """(N,) odds of drawing each artwork."""
    paintings = torch.tensor([name.startswith("painting_") for name in artworks.names])
    count = int(paintings.sum())
    if painting_share is None or count in (0, len(artworks)):
        return torch.ones(len(artworks))
    others = (1 - painting_share) / (len(artworks) - count)
    return torch.where(paintings, painting_share / count, others)
