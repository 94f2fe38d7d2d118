"""VGG16 feature maps for measuring; the network is read from a file and never shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from numpy.typing import NDArray
from torch import Tensor

from styletransfer.engine.base import Pixels
from styletransfer.engine.device import choose_device

LAYERS = (
    "relu1_1", "relu1_2",
    "relu2_1", "relu2_2",
    "relu3_1", "relu3_2", "relu3_3",
    "relu4_1", "relu4_2", "relu4_3",
)  # fmt: skip
STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
SIMILARITY_LAYER = "relu3_1"
_MEAN_BGR = (104.00699, 116.66877, 122.67892)


class VggFeatures:
    """VGG16 (Simonyan & Zisserman 2014, https://arxiv.org/abs/1409.1556) up to relu4_3.

    Args:
        path: .npz with arrays ``w0`` to ``w9`` (out, in, 3, 3) and ``b0`` to ``b9``; input is BGR in
            [0, 255] minus ImageNet's mean.
        device: where to run; the first CUDA GPU by default, else the CPU.
    """

    def __init__(self, path: Path, device: torch.device | None = None) -> None:
        self._device = device or choose_device()
        with np.load(path) as arrays:
            self._weights = [self._moved(arrays[f"w{i}"]) for i in range(len(LAYERS))]
            self._biases = [self._moved(arrays[f"b{i}"]) for i in range(len(LAYERS))]

    def _moved(self, values: NDArray[np.floating[Any]]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(self._device)

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[Pixels]) -> Mapping[str, Tensor]:
        """Maps (B, C, h, w) float32 of ``STYLE_LAYERS`` and ``SIMILARITY_LAYER`` of pictures of one size."""
        stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).flip(1).float()
        maps = stacked - torch.tensor(_MEAN_BGR)[:, None, None]
        maps = maps.to(self._device, memory_format=torch.channels_last)
        found: dict[str, Tensor] = {}
        for name, weight, bias in zip(LAYERS, self._weights, self._biases, strict=True):
            if name.endswith("_1") and name != "relu1_1":
                maps = F.max_pool2d(maps, 2)
            maps = F.relu_(F.conv2d(maps, weight, bias, padding=1))
            if name in STYLE_LAYERS or name == SIMILARITY_LAYER:
                found[name] = maps
        return found
