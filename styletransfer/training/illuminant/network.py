"""The illuminant network in torch, for training, and its weights as ``illuminant_network.py`` reads them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from styletransfer.engine.colour import srgb_to_linear
from styletransfer.imaging.unify.illuminant_network import DARKEST

WIDTHS = (16, 24, 40, 64, 96)
HIDDEN = 48


class TrainedIlluminantNetwork(nn.Module):
    """Convolutions that halve the picture five times, pooling by what each place knows, and a small head."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [*_block(7, WIDTHS[0], 5, 2)]
        for before, width in pairwise(WIDTHS):
            layers += [*_block(before, width, 3, 2), *_block(width, width, 3, 1)]
        self.body = nn.Sequential(*layers)
        self.knowing = nn.Conv2d(WIDTHS[-1], 1, 1, bias=False)
        self.drop = nn.Dropout(0.2)
        self.hidden = nn.Linear(2 * WIDTHS[-1], HIDDEN)
        self.last = nn.Linear(HIDDEN, 4)

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        """Answers in units of ``UNIT``.

        Args:
            given: (B, 7, side, side), see ``network_input``.

        Returns:
            (B, 2) log R/G and log B/G of the light, and (B, 2) logarithms of their expected errors.
        """
        maps = self.body(given)
        share = torch.softmax(self.knowing(maps).flatten(2), dim=2)
        seen = maps.flatten(2)
        pooled = torch.cat(((seen * share).sum(2), seen.mean(2)), dim=1)
        answer = self.last(torch.relu(self.hidden(self.drop(pooled))))
        return answer[:, :2], answer[:, 2:].clamp(-4, 3)

    def weights(self) -> dict[str, Tensor]:
        """Everything by the names of the weights file, batch normalisation folded into the convolutions."""
        arrays: dict[str, Tensor] = {
            "knowing": self.knowing.weight.flatten(),
            "hidden.weight": self.hidden.weight,
            "hidden.bias": self.hidden.bias,
            "last.weight": self.last.weight,
            "last.bias": self.last.bias,
        }
        convolutions = [each for each in self.body if isinstance(each, nn.Conv2d)]
        normalisations = [each for each in self.body if isinstance(each, nn.BatchNorm2d)]
        for index, (one, norm) in enumerate(zip(convolutions, normalisations, strict=True)):
            mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
            gain = norm.weight / torch.sqrt(variance + norm.eps)
            arrays[f"body{index}.weight"] = one.weight * gain[:, None, None, None]
            arrays[f"body{index}.bias"] = norm.bias - mean * gain
        return {name: values.detach().cpu() for name, values in arrays.items()}


def network_inputs(srgb: Tensor, alpha: Tensor) -> Tensor:
    """As ``illuminant_network.network_input``, for a batch: (B, 3, …) and (B, 1, …) to (B, 7, …)."""
    logs = srgb_to_linear(srgb).clamp_min(DARKEST).log() / 3 + 1
    return torch.cat((logs, srgb * 2 - 1, alpha * 2 - 1), dim=1)


def _block(before: int, width: int, size: int, stride: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    convolution = nn.Conv2d(before, width, size, stride, size // 2, bias=False)
    return convolution, nn.BatchNorm2d(width), nn.ReLU()
