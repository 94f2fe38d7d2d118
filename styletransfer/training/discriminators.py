"""The two judges of texture that the painter is trained against; neither is shipped."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor, nn

SLOPE = 0.2
CROPS = 4  # patches of a painting that are judged together
REFERENCES = 4  # patches of the style that they are compared with
CROP_SIDE = 64  # px that patches are resized to
CROP_SHARE = (1 / 8, 1 / 4)  # of the picture's side


class PatchDiscriminator(nn.Module):
    """Scores each patch of 46 px of a picture by whether it is from an artwork; any artwork will do.

    PatchGAN of Isola 2017, https://arxiv.org/abs/1611.07004, on the domain of styles as a whole, without
    normalisation, as R1 asks.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 4 * width)
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 4, 2, 1) for i, o in pairwise(widths))
        self.score = nn.Conv2d(widths[-1], 1, 4, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (B, 1, H / 8 - 1, W / 8 - 1) of pictures (B, 3, H, W) in [0, 1]."""
        maps = pictures * 2 - 1
        for convolution in self.convs:
            maps = F.leaky_relu(convolution(maps), SLOPE)
        scores: Tensor = self.score(maps)
        return scores


class CooccurrenceDiscriminator(nn.Module):
    """Scores whether patches could be from the same artwork as some reference patches.

    The patch co-occurrence discriminator of Park 2020, https://arxiv.org/abs/2007.00653, appendix B: every
    patch is encoded alone, the references' features are averaged, and a small network compares the two.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width, 8 * width, 8 * width)
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, 2, 1) for i, o in pairwise(widths))
        features = widths[-1] * (CROP_SIDE // 2 ** len(self.convs)) ** 2
        self.embed = nn.Linear(features, 384)
        self.judge = nn.Sequential(
            nn.Linear(2 * 384, 512),
            nn.LeakyReLU(SLOPE),
            nn.Linear(512, 512),
            nn.LeakyReLU(SLOPE),
            nn.Linear(512, 1),
        )

    def forward(self, patches: Tensor, references: Tensor) -> Tensor:
        """Scores (B, N) of patches (B, N, 3, 64, 64) beside references (B, M, 3, 64, 64), in [0, 1] each."""
        candidate = self.features(patches)
        reference = self.features(references).mean(1, keepdim=True).expand_as(candidate)
        scores: Tensor = self.judge(torch.cat((candidate, reference), 2))[..., 0]
        return scores

    def features(self, patches: Tensor) -> Tensor:
        """Features (B, N, 384) of patches (B, N, 3, 64, 64)."""
        batch, count = patches.shape[:2]
        maps = F.leaky_relu(self.stem(patches.flatten(0, 1) * 2 - 1), SLOPE)
        for convolution in self.convs:
            maps = F.leaky_relu(convolution(maps), SLOPE)
        embedded = F.leaky_relu(self.embed(maps.flatten(1)), SLOPE)
        return embedded.view(batch, count, -1)


def random_patches(pictures: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(B, count, 3, 64, 64) square patches of pictures (B, 3, S, S), an eighth to a quarter of the side."""
    batch, device = len(pictures), pictures.device
    draws = torch.rand((batch * count, 3), generator=generator, device=device)
    share = CROP_SHARE[0] + draws[:, 0] * (CROP_SHARE[1] - CROP_SHARE[0])
    centre = (draws[:, 1:] * 2 - 1) * (1 - share)[:, None]
    zero = torch.zeros_like(share)
    transforms = torch.stack((share, zero, centre[:, 0], zero, share, centre[:, 1]), 1).view(-1, 2, 3)
    grid = F.affine_grid(transforms, [batch * count, 3, CROP_SIDE, CROP_SIDE], align_corners=False)
    # One row of patches for each picture: grid_sample then needs no copies of the pictures.
    rows = grid.view(batch, count * CROP_SIDE, CROP_SIDE, 2)
    patches = F.grid_sample(pictures.float(), rows, padding_mode="reflection", align_corners=False)
    return patches.view(batch, 3, count, CROP_SIDE, CROP_SIDE).transpose(1, 2)
