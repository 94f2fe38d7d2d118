"""What ``unify.py`` measures, and the three baselines it compares with."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps
from skimage.exposure import match_histograms

from styletransfer.imaging.colour import (
    delta_e_2000,
    lab_to_rgb,
    linear_to_srgb,
    rgb_to_lab,
    srgb_to_linear,
)

Pixels = NDArray[np.uint8]
Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class Label:
    """Where words are printed: left, top, right, bottom as shares of the subject's box.

    ``angle`` is that of the line in degrees, rising to the right.
    """

    words: str
    box: tuple[float, float, float, float]
    angle: float = 0.0


# The labelled products of the demo catalogue. Labels are read alone, because what surrounds them on a photo
# decides what tesseract takes for a page: the books' titles, untouched, go from 46 to 3 characters when the
# photo around the books is painted white.
LABELS = {
    "grove-olive-oil": [
        Label("EXTRA VIRGIN NORD CO OLIVE OIL Cold pressed 500 ml", (0.06, 0.66, 1.0, 1.0), 1),
    ],
    "smoked-fig-candle": [Label("NORD CO SMOKED FIG soy candle 220 g", (0.04, 0.39, 0.8, 0.77), -6)],
    "hush-bluetooth-speaker": [Label("NORD CO", (0.24, 0.7, 0.58, 0.86), -3)],
    "rose-no-4-perfume": [Label("NORD CO ROSE eau de parfum 50 ml", (0.14, 0.6, 0.76, 0.84), -1)],
    "olive-sage-soap": [Label("NORD CO OLIVE SAGE SOAP 100 g handmade", (0.24, 0.06, 0.76, 0.44), 20)],
    "cedar-citrus-hand-wash": [
        Label("NORD CO HAND WASH cedar citrus 300 ml fl oz", (0.1, 0.45, 0.95, 0.9)),
    ],
    "field-notebook": [Label("NORD CO NOTES", (0.18, 0.24, 0.58, 0.44), 14)],
    "weekend-book-stack": [
        Label("LETTERS HOME", (0.27, 0.16, 0.65, 0.34), -9),
        Label("SLOW FURNITURE", (0.13, 0.32, 0.84, 0.53), -5),
        Label("NORD CO ATLAS", (0.14, 0.48, 0.78, 0.73), -8),
        Label("THE QUIET KITCHEN", (0.05, 0.67, 0.84, 0.92), -7),
    ],
}
_READING_WIDTHS = (600, 700, 850, 1000, 1200)
_READING_TURNS = (-3, 0, 3)
_ONE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}


@dataclass(frozen=True, eq=False)
class Product:
    """A catalogue picture with its mask, and whether it was taken in neutral studio light."""

    slug: str
    photo: Pixels
    alpha: Alpha
    studio: bool = False


# ------------------------------------------------------------------ baselines


def reinhard(photo: Pixels, reference: Pixels) -> Pixels:
    """Mean and deviation of each CIELAB channel as in a reference (Reinhard et al., 2001)."""
    lab, wanted = rgb_to_lab(photo), rgb_to_lab(reference).reshape(-1, 3)
    own = lab.reshape(-1, 3)
    moved = (lab - own.mean(axis=0)) * (wanted.std(axis=0) / own.std(axis=0)) + wanted.mean(axis=0)
    return lab_to_rgb(moved)


def histogram_matching(photo: Pixels, reference: Pixels) -> Pixels:
    """scikit-image's ``match_histograms``, channel by channel."""
    return np.rint(match_histograms(photo, reference, channel_axis=2)).clip(0, 255).astype(np.uint8)


def autocontrast(photo: Pixels, _reference: Pixels) -> Pixels:
    """Pillow's ``autocontrast`` with 1 % cut off at both ends."""
    return np.asarray(ImageOps.autocontrast(Image.fromarray(photo), cutoff=1))


# ------------------------------------------------------------------ colour


def subject_lab(picture: Pixels, alpha: Alpha) -> NDArray[np.float64]:
    """(4,) mean L*, a*, b* and deviation of L* of a subject, grain blurred away."""
    sigma = max(picture.shape[:2]) / 512 * 3
    soft = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma)))
    lab = rgb_to_lab(soft)[alpha > 0.98].astype(np.float64)
    return np.array([*lab.mean(axis=0), lab[:, 0].std()])


def total_spread(points: NDArray[np.float64]) -> float:
    """Standard deviation of CIELAB points (count, 3): the root of the summed variances."""
    return float(np.sqrt(points.var(axis=0).sum()))


def read_truth(path: Path) -> dict[str, NDArray[np.float64]]:
    """(4,) of ``subject_lab`` for every product under one light, as rendered."""
    products = json.loads(path.read_text(encoding="utf-8"))["products"]
    return {slug: np.array([*each["lab"], each["contrast"]]) for slug, each in products.items()}


def unexplained_by_light(photo: Pixels, result: Pixels, alpha: Alpha) -> float:
    """Median CIEDE2000 on the subject that no change of light explains.

    The change of light is fitted, not taken from the method: per channel, the median ratio in linear light.
    It is applied to the photo, and the result compared with that.
    """
    subject = alpha > 0.98
    before, after = srgb_to_linear(photo[subject] / 255.0), srgb_to_linear(result[subject] / 255.0)
    sound = (before > 0.01) & (after > 0.01) & (after < 0.95)
    gains = [
        np.median(after[sound[:, each], each] / before[sound[:, each], each]) if sound[:, each].any() else 1.0
        for each in range(3)
    ]
    lit = linear_to_srgb(np.clip(before * gains, 0, 1))
    lit_lab = rgb_to_lab(np.rint(lit * 255).astype(np.uint8))
    return float(np.median(delta_e_2000(lit_lab, rgb_to_lab(result[subject]))))


def unexplained_by_a_map(photo: Pixels, result: Pixels, alpha: Alpha) -> float:
    """Median CIEDE2000 on the subject that no smooth map of colours, the same for all pixels, explains.

    The map is fitted by least squares, not taken from the method: each channel of the result as a polynomial
    of degree 3 of the photo's three sRGB channels (20 terms). What is left has moved, blurred or bent.
    """
    subject = alpha > 0.98
    before, after = photo[subject] / 255.0, result[subject] / 255.0
    powers = [
        (red, green, blue) for red in range(4) for green in range(4 - red) for blue in range(4 - red - green)
    ]
    terms = np.stack([np.prod(before**power, axis=1) for power in np.array(powers)], axis=1)
    fitted, *_ = np.linalg.lstsq(terms, after, rcond=None)
    mapped = np.rint(np.clip(terms @ fitted, 0, 1) * 255).astype(np.uint8)
    return float(np.median(delta_e_2000(rgb_to_lab(mapped), rgb_to_lab(result[subject]))))


def background_share(picture: Pixels, alpha: Alpha, target: Pixels) -> float:
    """Share of the pixels outside the subject whose CIEDE2000 to the target background is at most 1."""
    outside = alpha < 0.01
    return float((delta_e_2000(rgb_to_lab(picture)[outside], rgb_to_lab(target)[outside]) <= 1).mean())


# ------------------------------------------------------------------ known cameras


@dataclass(frozen=True)
class Camera:
    """Another seller's camera: gains in linear light, then a contrast curve."""

    gains: tuple[float, float, float]
    stops: float
    gamma: float = 1.0

    def shoot(self, photo: Pixels) -> Pixels:
        """The photo as this camera would have given it."""
        linear = srgb_to_linear(photo / 255.0) * np.array(self.gains) * 2.0**self.stops
        return np.rint(np.clip(linear_to_srgb(np.clip(linear, 0, 1)) ** self.gamma, 0, 1) * 255).astype(
            np.uint8
        )


CAMERAS = (
    Camera((1, 1, 1), 0),
    Camera((1.15, 1, 0.7), -0.4),
    Camera((1.25, 0.95, 0.55), -0.9),
    Camera((0.85, 1, 1.2), -0.5),
    Camera((0.92, 1.02, 1.1), -1.3),
    Camera((1.05, 1, 0.9), -0.8, 1.15),
)
"""From the photo itself to dim tungsten and underexposed shade; none overexposes, which loses colour."""


# ------------------------------------------------------------------ text


def characters_read(picture: Pixels, alpha: Alpha, labels: Sequence[Label], turned: float = 0.0) -> int:
    """How many characters of the labels tesseract reads, over five sizes and three turns taken together.

    At one size and turn alone the count jumps by several characters with the phase of the resampling.

    Args:
        picture: (height, width, 3) uint8.
        alpha: (height, width) of the subject.
        labels: where to read and what should be there.
        turned: degrees counter-clockwise by which the picture was turned since the photo.
    """
    return sum(_characters_of(label, picture, alpha, turned) for label in labels)


def _characters_of(label: Label, picture: Pixels, alpha: Alpha, turned: float) -> int:
    tokens: list[str] = []
    for width in _READING_WIDTHS:
        for turn in _READING_TURNS:
            tokens += _read(_label_crop(picture, alpha, label, label.angle + turned + turn, width))
    return sum(
        max((_in_common(word.lower(), token) for token in tokens), default=0) for word in label.words.split()
    )


def _in_common(word: str, token: str) -> int:
    """Characters of ``word`` found in order in ``token``; 0 unless most of it is there."""
    blocks = SequenceMatcher(None, word, token, autojunk=False).get_matching_blocks()
    found = sum(block.size for block in blocks)
    return found if found >= 0.6 * len(word) and len(token) <= 2 * len(word) + 2 else 0


def _label_crop(picture: Pixels, alpha: Alpha, label: Label, angle: float, width: int) -> Image.Image:
    """A label turned level, ``width`` pixels wide."""
    rows, columns = np.nonzero(alpha.max(axis=1) > 0.5)[0], np.nonzero(alpha.max(axis=0) > 0.5)[0]
    across, down = columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
    left, right = (columns[0] + each * across for each in label.box[::2])
    top, bottom = (rows[0] + each * down for each in label.box[1::2])
    middle = ((left + right) / 2, (top + bottom) / 2)
    level = Image.fromarray(picture).convert("L").rotate(-angle, Image.Resampling.BICUBIC, center=middle)
    size = (width, round(width * (bottom - top) / (right - left)))
    limits = (max(left, 0), max(top, 0), min(right, level.width), min(bottom, level.height))
    return level.resize(size, Image.Resampling.LANCZOS, box=limits)


def _read(image: Image.Image) -> list[str]:
    """Lower-case words of a picture that is all text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "label.png"
        image.save(path)
        command = ["tesseract", str(path), "stdout", "--psm", "6", "-l", "eng"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=_ONE_THREAD)
    return done.stdout.lower().split()
