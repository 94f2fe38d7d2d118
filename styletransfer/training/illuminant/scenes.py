"""Photos under a known light: what the illuminant network learns from.

A photo is taken as it is for lit in white. Where its subject is known, it is often put before another
backdrop first, so that the network learns that a pink wall is not a pink lamp. Then light of a drawn colour
and amount falls on it, unevenly, and a drawn camera develops it: shoulder, contrast, saturation, noise.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from styletransfer.engine.colour import linear_to_srgb, srgb_to_linear
from styletransfer.imaging.unify.illuminant import LUMINANCE
from styletransfer.training.illuminant.photos import MaskedPhotos

NEW_BACKDROP = 0.6  # share of the photos with a known subject
OTHER_PHOTO = 0.2  # share of those backdrops that are another photo
TWO_PARTS = 0.35  # share that are a wall and a floor
MASK_HIDDEN = 0.15  # share of known subjects that the network is not told
STRONG_LIGHT = 0.65  # share of lights that are far from white
# From tungsten (CIE A) to daylight in (log R/G, log B/G) of linear sRGB, as a unit vector, and its normal.
LAMP_AXES = np.array([[1.0, -1.55], [1.55, 1.0]]) / np.hypot(1.0, 1.55)

WHITE = 0.85  # linear light of the brightest surfaces of a photo


class Scenes:
    """Draws batches of lit scenes on one device."""

    def __init__(self, photos: MaskedPhotos, device: torch.device) -> None:
        self.pixels = torch.from_numpy(photos.pixels).permute(0, 3, 1, 2).contiguous().to(device)
        self.alpha = torch.from_numpy(photos.alpha)[:, None].to(device)
        self.is_known = (self.alpha.flatten(1) > 0).any(1)
        self.device = device
        self.side = self.pixels.shape[-1]
        self.luminance = torch.tensor(LUMINANCE, device=device)[:, None, None]
        self.axes = torch.from_numpy(LAMP_AXES).float().to(device)
        self.down = torch.linspace(-1, 1, self.side, device=device)[None, None, :, None]
        self.across = self.down.transpose(2, 3)

    def batch(self, pool: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Lit scenes of photos drawn from ``pool``.

        Args:
            pool: (N,) indices of photos.
            size: B, how many scenes.

        Returns:
            (B, 3, side, side) sRGB in [0, 1], (B, 1, side, side) masks, 0 all over where unknown, and
            (B, 2) log R/G and log B/G of the light.
        """
        chosen = pool[torch.randint(len(pool), (size,), device=self.device)]
        linear, alpha = self._framed(chosen)
        known = self.is_known[chosen][:, None, None, None]
        moved, moved_alpha = self._moved(linear, alpha)
        backdrop = self._backdrop(pool, size, moved_alpha)
        before = moved * torch.exp2(self._normal(size, -0.1, 0.2)) * moved_alpha + backdrop * (
            1 - moved_alpha
        )
        is_new = known & self._chance(size, NEW_BACKDROP)
        linear = torch.where(is_new, before, linear)
        alpha = torch.where(is_new, moved_alpha, alpha)
        light = self._light(size)
        developed = self._develop(linear * self._lamp(light))
        return developed, alpha * (known & self._chance(size, 1 - MASK_HIDDEN)), light

    def _framed(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """A window of each photo in linear light, its brightest surfaces at ``WHITE``, and its mask."""
        size = len(chosen)
        scale = torch.rand(size, device=self.device) * 0.35 + 0.65
        shift = (torch.rand(size, 2, device=self.device) * 2 - 1) * (1 - scale)[:, None]
        mirror = (torch.rand(size, device=self.device) < 0.5).float() * 2 - 1
        linear = _warped(
            srgb_to_linear(self.pixels[chosen].float() / 255), scale, shift, mirror, "reflection"
        )
        alpha = _warped(self.alpha[chosen].float() / 255, scale, shift, mirror, "border")
        brightest = torch.quantile((linear * self.luminance).sum(1).flatten(1), 0.97, dim=1)
        return linear * (WHITE / brightest.clamp_min(0.05))[:, None, None, None], alpha

    def _moved(self, linear: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """The subjects larger or smaller, and elsewhere."""
        scale = torch.rand(len(alpha), device=self.device) * 0.7 + 0.75
        shift = (torch.rand(len(alpha), 2, device=self.device) - 0.5) * 0.4
        same = torch.ones_like(scale)
        return _warped(linear, scale, shift, same, "zeros"), _warped(alpha, scale, shift, same, "zeros")

    def _backdrop(self, pool: Tensor, size: int, alpha: Tensor) -> Tensor:
        """Sweeps, walls with floors, other photos; with the subject's soft shadow on them."""
        edge = torch.sigmoid((self.down - self._uniform(size, -0.1, 0.8)) * 20)
        one, other = self._sweep(size), self._sweep(size)
        backdrop = torch.where(self._chance(size, TWO_PARTS), one * (1 - edge) + other * edge, one)
        photos, _ = self._framed(pool[torch.randint(len(pool), (size,), device=self.device)])
        backdrop = torch.where(self._chance(size, OTHER_PHOTO), photos, backdrop)
        blotches = torch.randn(size, 1, 16, 16, device=self.device)
        blotches = functional.interpolate(blotches, size=self.side, mode="bilinear")
        shadow = functional.avg_pool2d(alpha, 17, 1, 8, count_include_pad=False).roll((5, 3), (2, 3))
        return (
            backdrop
            * torch.exp(blotches * self._uniform(size, 0, 0.12))
            * (1 - shadow * self._uniform(size, 0, 0.5))
        )

    def _sweep(self, size: int) -> Tensor:
        """White, grey or coloured paper, (B, 3, side, side) linear reflectance with a soft gradient."""
        kind = self._uniform(size, 0, 1)
        tint = torch.randn(size, 3, 1, 1, device=self.device)
        white = self._uniform(size, 0.7, 0.97) * torch.exp(tint * 0.015)
        grey = torch.exp(self._uniform(size, math.log(0.03), math.log(0.7))) * torch.exp(tint * 0.03)
        colour = torch.exp(self._uniform(size, math.log(0.08), math.log(0.8))) * torch.exp(tint * 0.35)
        paper = torch.where(kind < 0.5, white, torch.where(kind < 0.7, grey, colour.clamp_max(0.95)))
        return paper * self._falloff(size, 0.12, 0.2)

    def _falloff(self, size: int, slope: float, corners: float) -> Tensor:
        """Light that is stronger on one side and weaker in the corners, (B, 1, side, side)."""
        linear = self._normal(size, 0, slope) * self.down + self._normal(size, 0, slope) * self.across
        return torch.exp(linear - self._uniform(size, 0, corners) * (self.down**2 + self.across**2))

    def _light(self, size: int) -> Tensor:
        """(B, 2) log R/G and log B/G: along the line of lamps and daylight, a little off it; often white."""
        draw = torch.randn(size, 2, device=self.device)
        strong = draw * torch.tensor([0.5, 0.12], device=self.device) + torch.tensor(
            [0.1, 0.0], device=self.device
        )
        weak = draw * torch.tensor([0.12, 0.04], device=self.device)
        return torch.where(self._chance(size, STRONG_LIGHT)[:, :, 0, 0], strong, weak) @ self.axes

    def _lamp(self, light: Tensor) -> Tensor:
        """The light on every pixel, (B, 3, side, side): its colour, its amount, its falloff."""
        size = len(light)
        white = torch.stack((light[:, 0].exp(), torch.ones_like(light[:, 0]), light[:, 1].exp()), 1)
        white = white / (white * self.luminance[:, 0, 0]).sum(1, keepdim=True)
        far = self._normal(size, -0.5, 1.0).clamp(-2.8, 1.5)
        stops = torch.where(self._chance(size, 0.85), far, self._normal(size, 0, 0.15))
        return white[:, :, None, None] * torch.exp2(stops) * self._falloff(size, 0.1, 0.25)

    def _develop(self, linear: Tensor) -> Tensor:
        """A drawn camera: shoulder, contrast, gamma, saturation, noise, 8 bit; sRGB in [0, 1]."""
        size = len(linear)
        knee = self._uniform(size, 0.6, 1.0)
        room = 1.01 - knee
        rolled = knee + room * (1 - torch.exp(-(linear - knee).clamp_min(0) / room))
        srgb = linear_to_srgb(torch.where(linear > knee, rolled, linear).clamp(0, 1))
        bend = self._uniform(size, -0.1, 0.35)
        srgb = srgb * (1 - bend) + bend * srgb * srgb * (3 - 2 * srgb)
        srgb = srgb ** torch.exp(self._normal(size, 0, 0.08))
        grey = (srgb * self.luminance).sum(1, keepdim=True)
        srgb = grey + (srgb - grey) * self._uniform(size, 0.8, 1.25)
        noisy = srgb + torch.randn_like(srgb) * self._uniform(size, 0, 0.02)
        return torch.round(noisy.clamp(0, 1) * 255) / 255

    def _uniform(self, size: int, low: float, high: float) -> Tensor:
        return torch.rand(size, 1, 1, 1, device=self.device) * (high - low) + low

    def _normal(self, size: int, mean: float, deviation: float) -> Tensor:
        return torch.randn(size, 1, 1, 1, device=self.device) * deviation + mean

    def _chance(self, size: int, share: float) -> Tensor:
        return torch.rand(size, 1, 1, 1, device=self.device) < share


def _warped(pictures: Tensor, scale: Tensor, shift: Tensor, mirror: Tensor, beyond: str) -> Tensor:
    """Windows of pictures (B, C, side, side), ``scale`` of their width, moved by ``shift`` (B, 2)."""
    size, channels, height, width = pictures.shape
    turn = torch.zeros(size, 2, 3, device=pictures.device)
    turn[:, 0, 0], turn[:, 1, 1], turn[:, :, 2] = scale * mirror, scale, shift
    grid = functional.affine_grid(turn, [size, channels, height, width], align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode=beyond, align_corners=False)
