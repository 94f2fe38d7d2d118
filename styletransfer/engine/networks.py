"""The painter's three networks; layer names are those of ``painter.safetensors``.

A VAE-GAN with adaptive instance normalisation (Huang & Belongie 2017, https://arxiv.org/abs/1703.06868):
the content encoder keeps what is in a photo, the style encoder sums a picture's look up in 128 numbers, and
the generator paints the content with affine parameters computed from those numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor, nn

from styletransfer.engine.base import CODE_SIZE
from styletransfer.engine.normalisation import EPSILON, InstanceNorm

STYLE_WIDTH = 256


def convolution(channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution that pads with zeros so that stride 1 keeps the size."""
    return nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2)


class ContentBlock(nn.Module):
    """Residual block with plain instance norm: (B, width, H, W) to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = convolution(width, width), convolution(width, width)
        self.norm1, self.norm2 = InstanceNorm(), InstanceNorm()

    def forward(self, maps: Tensor) -> Tensor:
        """Add the block's correction to ``maps``."""
        change = self.norm1.followed(self.conv1(maps), relu=True)
        return self.norm2.followed(self.conv2(change), add=maps)


class ContentEncoder(nn.Module):
    """Photo (B, 3, H, W) in [-1, 1] to content maps (B, 128, H/4, W/4): what is there, free of its style."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem = convolution(3, width, 7)
        self.down1, self.down2 = convolution(width, 2 * width, 3, 2), convolution(2 * width, 4 * width, 3, 2)
        self.norms = nn.ModuleList(InstanceNorm() for _ in range(3))
        self.blocks = nn.ModuleList(ContentBlock(4 * width) for _ in range(2))

    def forward(self, photo: Tensor) -> Tensor:
        """Content maps of ``photo``."""
        maps = photo
        norms = cast("Iterable[InstanceNorm]", self.norms)
        for layer, norm in zip((self.stem, self.down1, self.down2), norms, strict=True):
            maps = norm.followed(layer(maps), relu=True)
        for block in self.blocks:
            maps = block(maps)
        return maps


class StyleEncoder(nn.Module):
    """The VAE's encoder: picture (B, 3, H, W) in [-1, 1] to mean and log-variance of its style code."""

    def __init__(self, code: int = CODE_SIZE, width: int = 32) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width, 6 * width, 8 * width]
        strided = [convolution(a, b, 3, 2) for a, b in pairwise(widths)]
        self.convs = nn.ModuleList([convolution(3, width, 5), *strided])
        self.refine = nn.ModuleList(convolution(w, w) for w in widths[1:])
        statistics = 2 * sum(widths)
        self.norm, self.fc1, self.fc2 = (
            nn.LayerNorm(statistics),
            nn.Linear(statistics, 512),
            nn.Linear(512, 512),
        )
        self.mean, self.log_var = nn.Linear(512, code), nn.Linear(512, code)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, (B, 128) each; a style is the statistics of the maps, not their places."""
        maps, statistics = picture, list[Tensor]()
        for i, layer in enumerate(self.convs):
            maps = F.leaky_relu(layer(maps), 0.1)
            if i:
                maps = maps + F.leaky_relu(self.refine[i - 1](maps), 0.1)
            variance, mean = torch.var_mean(maps, (2, 3), correction=0)
            statistics += [mean, (variance + EPSILON).sqrt()]
        hidden = F.relu(self.fc2(F.relu(self.fc1(self.norm(torch.cat(statistics, 1))))))
        return self.mean(hidden), self.log_var(hidden).clamp(-8, 3)


class AdaIN(nn.Module):
    """Instance norm whose scale and shift are computed from the style (B, 256)."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.affine = nn.Linear(style, 2 * width)
        self.norm = InstanceNorm()

    def forward(
        self,
        maps: Tensor,
        style: Tensor,
        *,
        relu: bool = False,
        add: Tensor | None = None,
        doubled: bool = False,
    ) -> Tensor:
        """``maps`` (B, width, H, W) with the style's statistics; see ``InstanceNorm.followed``."""
        gain, bias = self.affine(style).float().chunk(2, 1)
        return self.norm.followed(maps, gain + 1, bias, relu=relu, add=add, doubled=doubled)


class StyledBlock(nn.Module):
    """Residual block with adaptive instance norm: (B, width, H, W) to the same."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = convolution(width, width), convolution(width, width)
        self.adain1, self.adain2 = AdaIN(width, style), AdaIN(width, style)

    def forward(self, maps: Tensor, style: Tensor, *, doubled: bool = False) -> Tensor:
        """Add the block's correction in ``style`` (B, 256) to ``maps``; ``doubled`` gives twice the size."""
        change = self.adain1(self.conv1(maps), style, relu=True)
        result: Tensor = self.adain2(self.conv2(change), style, add=maps, doubled=doubled)
        return result


class Generator(nn.Module):
    """Content maps (B, 128, H/4, W/4) and style code (B, 128) to a painted picture (B, 3, H, W) in [0, 1]."""

    def __init__(
        self, code: int = CODE_SIZE, width: int = 32, style: int = STYLE_WIDTH, blocks: int = 5
    ) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(code, style), nn.Linear(style, style)
        self.blocks = nn.ModuleList(StyledBlock(4 * width, style) for _ in range(blocks))
        self.up1, self.up1_adain = convolution(4 * width, 2 * width), AdaIN(2 * width, style)
        self.up2, self.up2_adain = convolution(2 * width, width), AdaIN(width, style)
        self.to_rgb = convolution(width, 3, 7)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """Paint ``content`` in the style of ``code``."""
        style = F.relu(self.fc2(F.relu(self.fc1(code))))
        maps = content
        *blocks, last = self.blocks
        for block in blocks:
            maps = block(maps, style)
        maps = last(maps, style, doubled=True)
        maps = self.up1_adain(self.up1(maps), style, relu=True, doubled=True)
        maps = self.up2_adain(self.up2(maps), style, relu=True)
        return torch.sigmoid_(self.to_rgb(maps))
