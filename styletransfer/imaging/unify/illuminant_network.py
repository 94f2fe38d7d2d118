"""The small convolutional network that reads the colour of a photo's light, in numpy.

It looks at a 128 px copy: every place says what it shows and how much it knows about the light, as in FC4
(Hu, Wang, Lin, "FC4: fully convolutional color constancy with confidence-weighted pooling", CVPR 2017), and a
small head turns the weighted and the plain mean of that into log ratios and the error to be expected of them.
It has learned from photos under known light, see ``styletransfer/training/illuminant``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from styletransfer.imaging.colour import srgb_to_linear

SIDE = 128
"""Height and width in pixels of the copy that the network looks at; photos are squeezed to a square."""

DARKEST = 2e-3
"""Linear light below which logarithms are cut off."""

UNIT = 0.3
"""What 1 is worth in the network's answers, as a natural logarithm of a ratio of channels."""

WEIGHTS = Path(__file__).parents[2] / "weights" / "illuminant.npz"

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution with a rectifier after it.

    Attributes:
        weight: (out, in, size, size).
        bias: (out,).
        stride: in pixels.
    """

    weight: Floats
    bias: Floats
    stride: int

    def __call__(self, maps: Floats) -> Floats:
        """(in, height, width) to (out, height / stride, width / stride); the border is padded with 0."""
        size = self.weight.shape[-1]
        padded = np.pad(maps, ((0, 0), (size // 2,) * 2, (size // 2,) * 2))
        windows = sliding_window_view(padded, (size, size), (1, 2))[:, :: self.stride, :: self.stride]
        made = np.tensordot(self.weight, windows, ((1, 2, 3), (0, 3, 4)))
        rectified: Floats = np.maximum(made + self.bias[:, None, None], 0).astype(np.float32)
        return rectified


@dataclass(frozen=True, eq=False)
class IlluminantNetwork:
    """All layers.

    Attributes:
        body: the convolutions in their order.
        knowing: (channels,) how much a place knows, before the softmax over places.
        hidden: weight (hidden, 2 channels) and bias of the head's first layer.
        last: weight (4, hidden) and bias of its second.
    """

    body: tuple[Convolution, ...]
    knowing: Floats
    hidden: tuple[Floats, Floats]
    last: tuple[Floats, Floats]

    def __call__(self, pixels: NDArray[np.uint8], alpha: Floats) -> tuple[NDArray[np.float64], float]:
        """The light of a photo and of its mirror image, averaged.

        Args:
            pixels: (SIDE, SIDE, 3) uint8 sRGB.
            alpha: (SIDE, SIDE) the subject, in [0, 1]; 0 all over where it is not known.

        Returns:
            (2,) log R/G and log B/G of the light, and the error to be expected of each (mean, absolute).
        """
        given = network_input(pixels, alpha)
        both = (self._answer(given) + self._answer(given[:, :, ::-1])).astype(np.float64) / 2
        return UNIT * both[:2], float(UNIT * np.exp(both[2:].mean()))

    def _answer(self, maps: Floats) -> Floats:
        for convolution in self.body:
            maps = convolution(maps)
        seen = maps.reshape(len(maps), -1)
        known = self.knowing @ seen
        share = np.exp(known - known.max())
        pooled = np.concatenate((seen @ (share / share.sum()), seen.mean(axis=1)))
        inner = np.maximum(self.hidden[0] @ pooled + self.hidden[1], 0)
        answer: Floats = self.last[0] @ inner + self.last[1]
        return answer


def network_input(pixels: NDArray[np.uint8], alpha: Floats) -> Floats:
    """(7, height, width): logarithms of linear light, sRGB values and the mask, each about -1 to 1."""
    srgb = pixels.astype(np.float32) / 255
    logs = np.log(np.maximum(srgb_to_linear(srgb), DARKEST)) / 3 + 1
    return (
        np.concatenate((logs, srgb * 2 - 1, alpha[..., None] * 2 - 1), axis=2)
        .transpose(2, 0, 1)
        .astype(np.float32)
    )


def network_of(arrays: Mapping[str, NDArray[np.floating]]) -> IlluminantNetwork:
    """The network that a weights file describes; see ``training/illuminant/network.py``."""
    wide = {name: np.asarray(values, np.float32) for name, values in arrays.items()}
    count = sum(name.startswith("body") for name in wide) // 2
    weights = [wide[f"body{index}.weight"] for index in range(count)]
    # The first layer of each size halves the picture: the one where the number of channels changes.
    strides = [2 if each.shape[0] != each.shape[1] else 1 for each in weights]
    body = [
        Convolution(weight, wide[f"body{index}.bias"], stride)
        for index, (weight, stride) in enumerate(zip(weights, strides, strict=True))
    ]
    return IlluminantNetwork(
        tuple(body),
        wide["knowing"],
        (wide["hidden.weight"], wide["hidden.bias"]),
        (wide["last.weight"], wide["last.bias"]),
    )


@lru_cache(maxsize=1)
def shipped_network() -> IlluminantNetwork:
    """The network with the weights of this package, read once a process."""
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return network_of(arrays)
