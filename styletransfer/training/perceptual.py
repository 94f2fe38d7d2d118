"""The perceptual network: a VGG16 up to conv4_3, which measures pictures and is never shipped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor, nn

LAYERS = (
    "conv1_1",
    "conv1_2",
    "conv2_1",
    "conv2_2",
    "conv3_1",
    "conv3_2",
    "conv3_3",
    "conv4_1",
    "conv4_2",
    "conv4_3",
)
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512)
POOL_BEFORE = frozenset({"conv2_1", "conv3_1", "conv4_1"})
STYLE_LAYERS = ("conv1_2", "conv2_2", "conv3_3", "conv4_3")
CONTENT_LAYERS = ("conv3_3", "conv4_3")
# Torchvision's convolutions up to conv4_3 in its ``features`` list.
_TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21)
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Of Caffe's VGG16, whose input is BGR in [0, 255] (Simonyan 2014, https://arxiv.org/abs/1409.1556).
_CAFFE_MEAN = (104.00699, 116.66877, 122.67892)


class PerceptualError(Exception):
    """There is no perceptual network to be had; the text says what to do."""


class PerceptualNetwork(nn.Module):
    """VGG16's features after ReLU. Frozen; gradients flow to the pictures only."""

    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *WIDTHS[:-1])
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(inputs, WIDTHS, strict=True))
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("scale", torch.ones(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def convolutions(self) -> list[nn.Conv2d]:
        """The ten convolutions in order."""
        return [layer for layer in self.convs if isinstance(layer, nn.Conv2d)]

    def forward(self, pictures: Tensor, layers: Sequence[str] = STYLE_LAYERS) -> dict[str, Tensor]:
        """Features (B, 64 to 512, H / 1 to 8, W / 1 to 8) by layer of RGB pictures (B, 3, H, W) in [0, 1]."""
        dtype = next(self.convs.parameters()).dtype
        maps = ((pictures - self.mean) * self.scale).to(dtype, memory_format=torch.channels_last)
        found = {}
        for name, convolution in zip(LAYERS, self.convs, strict=True):
            if name in POOL_BEFORE:
                maps = F.max_pool2d(maps, 2)
            maps = _active(maps, convolution)
            if name in layers:
                found[name] = maps
            if len(found) == len(layers):
                break
        return found


def _active(maps: Tensor, convolution: nn.Module) -> Tensor:
    weights = convolution.weight, convolution.bias
    active: Tensor = _ConvolveAndActivate.apply(maps, *weights)  # type: ignore[no-untyped-call]
    return active


class _ConvolveAndActivate(torch.autograd.Function):
    """ReLU of a 3 x 3 convolution whose weights are frozen: on a GPU one kernel instead of three."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        if maps.shape[1] % 8 == 0 and _fuses_relu(maps.device, maps.dtype):
            active = torch.cudnn_convolution_relu(maps, weight, bias, (1, 1), (1, 1), (1, 1), 1)
        else:
            active = F.relu_(F.conv2d(maps, weight, bias, padding=1))
        ctx.save_for_backward(maps, weight, active)
        return active

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        maps, weight, active = ctx.saved_tensors
        passed = torch.ops.aten.threshold_backward(gradients[0].to(active.dtype), active, 0)
        by_maps, _, _ = torch.ops.aten.convolution_backward(
            passed, maps, weight, None, (1, 1), (1, 1), (1, 1), False, (0, 0), 1, (True, False, False)
        )
        return by_maps, None, None


@cache
def _fuses_relu(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether cuDNN convolves, adds the bias and activates in one go here, correctly."""
    if device.type != "cuda":
        return False
    generator = torch.Generator(device).manual_seed(0)
    maps, weight = (
        torch.randn(shape, device=device, generator=generator).to(dtype, memory_format=torch.channels_last)
        for shape in ((2, 64, 16, 16), (64, 64, 3, 3))
    )
    bias = torch.randn(64, device=device, generator=generator).to(dtype)
    try:
        fused = torch.cudnn_convolution_relu(maps, weight, bias, (1, 1), (1, 1), (1, 1), 1)
    except RuntimeError:
        return False
    plain = F.relu(F.conv2d(maps.float(), weight.float(), bias.float(), padding=1))
    return bool((fused.float() - plain).abs().max() < 0.02 * plain.abs().max())


def load_perceptual(path: Path | None = None) -> PerceptualNetwork:
    """The network with the weights of an ``.npz`` file, or torchvision's ImageNet weights.

    The file has arrays ``w0`` to ``w9`` (out, in, 3, 3) and ``b0`` to ``b9``, for Caffe's input; see
    ``convert_hed.py``.

    Raises:
        PerceptualError: no such file, or another network's; without a file, torchvision or its weights are
            missing.
    """
    return _from_torchvision() if path is None else _from_file(path)


def _from_file(path: Path) -> PerceptualNetwork:
    network = PerceptualNetwork()
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for i, convolution in enumerate(network.convolutions()):
                _set(convolution, torch.from_numpy(arrays[f"w{i}"]), torch.from_numpy(arrays[f"b{i}"]))
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise PerceptualError(f"{path} holds no VGG16 with arrays w0 to w9 and b0 to b9: {error}") from error
    # RGB in [0, 1] is what everything here has: the first layer's input channels are reversed instead.
    first = next(network.convs.parameters())
    first.data = first.data.flip(1).contiguous()
    network.mean.copy_(torch.tensor(_CAFFE_MEAN[::-1]).view(1, 3, 1, 1) / 255)
    network.scale.fill_(255.0)
    return network


def _from_torchvision() -> PerceptualNetwork:
    try:
        from torchvision.models import VGG16_Weights, vgg16  # noqa: PLC0415 - an optional package

        features = vgg16(weights=VGG16_Weights.IMAGENET1K_V1).features
    except (ImportError, OSError, RuntimeError) as error:
        raise PerceptualError(
            f"No perceptual network: torchvision's VGG16 cannot be had here ({error}). Install torchvision, "
            "or make a file with `python -m styletransfer.training.convert_hed OUT.npz` and pass it with "
            "--perceptual."
        ) from error
    network = PerceptualNetwork()
    for convolution, index in zip(network.convolutions(), _TORCHVISION, strict=True):
        _set(convolution, features[index].weight.detach(), features[index].bias.detach())
    network.mean.copy_(torch.tensor(_IMAGENET_MEAN).view(1, 3, 1, 1))
    network.scale.copy_(1 / torch.tensor(_IMAGENET_STD).view(1, 3, 1, 1))
    return network


def _set(convolution: nn.Conv2d, weight: Tensor, bias: Tensor) -> None:
    if convolution.weight.shape != weight.shape:
        raise ValueError(
            f"a layer of shape {tuple(weight.shape)} where {tuple(convolution.weight.shape)} is expected"
        )
    convolution.load_state_dict({"weight": weight.float(), "bias": bias.float()})
