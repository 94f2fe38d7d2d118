"""Measures of a painter as a whole: what it reconstructs, and what its code space is like."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from styletransfer.engine.base import Pixels
from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.fidelity import psnr, ssim
from styletransfer.training.evaluation.contenders import WeightsContender, as_pixels, as_tensor
from styletransfer.training.evaluation.pictures import EvaluationSet, NamedPicture

INTERPOLATION_STEPS = 8
BORDER_SHARE = 0.5  # of each side: doubles the picture's width and height
WHITE = 255


def reconstruction(contender: WeightsContender, photos: Sequence[NamedPicture]) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM of every photo painted in its own code, G(c, E(c)), without any fading."""
    pairs = [
        (photo.pixels, as_pixels(contender.painted(photo.pixels, contender.code(photo)))) for photo in photos
    ]
    return {
        "reconstruction_psnr": float(np.mean([psnr(*pair) for pair in pairs])),
        "reconstruction_ssim": float(np.mean([ssim(*pair) for pair in pairs])),
    }


def retrieved_by_code(contender: WeightsContender, styles: Sequence[NamedPicture], painting: Pixels) -> int:
    """Index of the style whose code is nearest (Euclidean) to the painting's own."""
    codes = torch.cat([contender.code(style) for style in styles])
    return int((codes - contender.code_of(painting)).square().sum(1).argmin())


def padding_invariance(contender: WeightsContender, pictures: EvaluationSet, count: int) -> dict[str, float]:
    """How much the first ``count`` photos' paintings change when white doubles their width and height.

    Mean absolute difference of the product's pixels in [0, 255], with every picture's own statistics and
    with the statistics of the unpadded photo (``frozen``), as large pictures are painted.
    """
    own, frozen = [], []
    for index, photo in enumerate(pictures.photos[:count]):
        code = contender.code(pictures.styles[index % len(pictures.styles)])
        rows, columns = (round(side * BORDER_SHARE / 8) * 4 for side in photo.pixels.shape[:2])
        border = ((rows, rows), (columns, columns), (0, 0))
        padded = np.pad(photo.pixels, border, constant_values=WHITE)
        inner = (slice(rows, rows + photo.pixels.shape[0]), slice(columns, columns + photo.pixels.shape[1]))
        plain = as_pixels(contender.painted(photo.pixels, code))
        own.append(_difference(plain, as_pixels(contender.painted(padded, code))[inner]))
        frozen.append(_difference(plain, _painted_frozen(contender, photo.pixels, padded, code)[inner]))
    return {"padding_change": float(np.mean(own)), "padding_change_frozen": float(np.mean(frozen))}


@torch.inference_mode()
def _painted_frozen(contender: WeightsContender, photo: Pixels, padded: Pixels, code: torch.Tensor) -> Pixels:
    contender.painter.collect_statistics(as_tensor(photo), code)
    painted = contender.painter.paint_frozen(as_tensor(padded), code)
    return as_pixels((painted * 255).round().to(torch.uint8))


def _difference(first: Pixels, second: Pixels) -> float:
    """Mean absolute difference, without the outermost eighth, where a border is bound to be seen."""
    rows, columns = (side // 8 for side in first.shape[:2])
    inner = (slice(rows, -rows), slice(columns, -columns))
    return float(np.abs(first[inner].astype(np.float32) - second[inner]).mean())


def interpolation_smoothness(
    contender: WeightsContender, pictures: EvaluationSet, count: int
) -> dict[str, float]:
    """How evenly paintings change between two styles' codes, over the first ``count`` photos.

    Steps are measured as root mean square differences in CIELAB between neighbours of 9 paintings.
    ``interpolation_jump`` is the largest step over the mean step: 1 where all are equal.
    ``interpolation_path`` is the sum of the steps over the distance of the ends: 1 where the way is straight.
    """
    jumps, paths = [], []
    for index, photo in enumerate(pictures.photos[:count]):
        first, second = (pictures.styles[(index + step) % len(pictures.styles)] for step in (0, 1))
        shares = torch.linspace(0, 1, INTERPOLATION_STEPS + 1)
        labs = [
            rgb_to_lab(as_pixels(contender.painted(photo.pixels, code)))
            for code in (
                torch.lerp(contender.code(first), contender.code(second), float(share)) for share in shares
            )
        ]
        steps = [_rms(a, b) for a, b in pairwise(labs)]
        jumps.append(max(steps) / max(float(np.mean(steps)), 1e-6))
        paths.append(sum(steps) / max(_rms(labs[0], labs[-1]), 1e-6))
    return {"interpolation_jump": float(np.mean(jumps)), "interpolation_path": float(np.mean(paths))}


def _rms(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.sqrt(np.square(first - second).sum(-1).mean()))
