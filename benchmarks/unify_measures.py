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

# The words printed on the labelled products of the demo catalogue.
LABELS = {
    "grove-olive-oil": "EXTRA VIRGIN NORD CO OLIVE OIL Cold pressed 500 ml",
    "smoked-fig-candle": "NORD CO SMOKED FIG soy candle 220 g",
    "hush-bluetooth-speaker": "NORD CO",
    "rose-no-4-perfume": "NORD CO ROSE eau de parfum 50 ml",
    "olive-sage-soap": "NORD CO OLIVE SAGE SOAP 100 g handmade",
    "cedar-citrus-hand-wash": "NORD CO HAND WASH cedar citrus 300 ml fl oz",
    "field-notebook": "NORD CO NOTES",
    "weekend-book-stack": "THE QUIET KITCHEN NORD CO ATLAS SLOW FURNITURE LETTERS HOME",
}
_READING_SIDES = (1000, 1400, 1800)
_ONE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}
_READING_ANGLES = (-14, -7, 0, 7, 14)


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


def characters_read(picture: Pixels, alpha: Alpha, words: Sequence[str]) -> int:
    """How many characters of the known words tesseract reads, at three sizes of the subject taken together.

    At one size alone the count jumps by several characters with the phase of the resampling.
    """
    tokens = [token for side in _READING_SIDES for token in _read(_subject_crop(picture, alpha, side))]
    return sum(max((_in_common(word.lower(), token) for token in tokens), default=0) for word in words)


def _in_common(word: str, token: str) -> int:
    """Characters of ``word`` found in order in ``token``; 0 unless most of it is there."""
    blocks = SequenceMatcher(None, word, token, autojunk=False).get_matching_blocks()
    found = sum(block.size for block in blocks)
    return found if found >= 0.6 * len(word) and len(token) <= 2 * len(word) + 2 else 0


def _subject_crop(picture: Pixels, alpha: Alpha, side: int) -> Image.Image:
    rows, columns = np.nonzero(alpha.max(axis=1) > 0.5)[0], np.nonzero(alpha.max(axis=0) > 0.5)[0]
    image = Image.fromarray(picture).crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    scale = side / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def _read(image: Image.Image) -> list[str]:
    """Lower-case words of a picture, read as sparse text at several turns, as labels lie askew."""
    found: list[str] = []
    grey = image.convert("L")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "label.png"
        for angle in _READING_ANGLES:
            turned = grey.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=128)
            turned.save(path)
            command = ["tesseract", str(path), "stdout", "--psm", "11", "-l", "eng"]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=_ONE_THREAD)
            found += done.stdout.lower().split()
    return found
