"""sRGB to CIELAB and back, on tensors (formulas: IEC 61966-2-1 and CIE 15:2004, white point D65)."""

from __future__ import annotations

import torch
from torch import Tensor

_TO_XYZ = torch.tensor(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_FROM_LINEAR = _TO_XYZ / _TO_XYZ.sum(1, keepdim=True)
_TO_LINEAR = torch.linalg.inv(_FROM_LINEAR.double()).float()
_KNEE = 6 / 29


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) sRGB in [0, 1] to L in [0, 100] and a, b in about [-128, 128]."""
    linear = srgb_to_linear(rgb)
    x, y, z = _mixed(_FROM_LINEAR, linear)
    fx, fy, fz = (
        torch.where(t > _KNEE**3, t.clamp_min(1e-9).pow(1 / 3), t / (3 * _KNEE**2) + 4 / 29)
        for t in (x, y, z)
    )
    return torch.stack((116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)), 1)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """(B, 3, H, W) CIELAB to sRGB in [0, 1]; colours no screen can show are clipped."""
    lightness, a, b = lab.unbind(1)
    fy = (lightness + 16) / 116
    xyz = torch.stack(
        [
            torch.where(f > _KNEE, f.pow(3), 3 * _KNEE**2 * (f - 4 / 29))
            for f in (fy + a / 500, fy, fy - b / 200)
        ],
        1,
    )
    linear = torch.stack(_mixed(_TO_LINEAR, xyz), 1).clamp(0, 1)
    return linear_to_srgb(linear)


def srgb_to_linear(rgb: Tensor) -> Tensor:
    """Linear light of sRGB values in [0, 1], any shape."""
    return torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).pow(2.4))


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Encoded sRGB values of linear light in [0, 1], any shape."""
    return torch.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(1e-9).pow(1 / 2.4) - 0.055
    )


def _mixed(matrix: Tensor, picture: Tensor) -> list[Tensor]:
    """The rows of ``matrix`` (3, 3) times the channels of ``picture`` (B, 3, H, W): three of (B, H, W)."""
    if not picture.is_cuda:
        return list(torch.einsum("ij,bjhw->ibhw", matrix.to(picture.dtype), picture))
    # A GPU is slow at products with tiny matrices, and waits for one that is copied from the host.
    first, second, third = picture.unbind(1)
    return [(first * row[0]).add_(second, alpha=row[1]).add_(third, alpha=row[2]) for row in matrix.tolist()]
