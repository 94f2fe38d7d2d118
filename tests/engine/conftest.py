"""A painter, an engine and pictures shared by the engine's tests."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from styletransfer.engine.base import Pixels, StyleCode
from styletransfer.engine.painter import Painter, load_painter
from styletransfer.engine.painter_engine import PainterEngine

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def painter() -> Painter:
    return load_painter()


@pytest.fixture(scope="session")
def engine() -> PainterEngine:
    return PainterEngine(device="cpu", precision="fp32")


@pytest.fixture(scope="session")
def code() -> StyleCode:
    return load_file(DATA / "golden.safetensors")["code"][0]


def studio_photo(height: int = 256, width: int = 256) -> Pixels:
    """A striped, red-labelled box on a studio background with a faint gradient."""
    y, x = np.mgrid[0:height, 0:width]
    photo = np.empty((height, width, 3), np.uint8)
    photo[:] = (225 + 12 * (y / height) + 6 * (x / width))[..., None]
    stripes = np.where((x // 4 + y // 4) % 2, 60, 130)
    box = product_mask(height, width)
    photo[box] = np.stack((stripes, stripes // 2, stripes), -1)[box]
    label = box & (y > height * 0.45) & (y < height * 0.55)
    photo[label] = (200, 30, 40)
    return photo


def product_mask(height: int = 256, width: int = 256) -> np.ndarray:
    """Where ``studio_photo`` shows its box."""
    y, x = np.mgrid[0:height, 0:width]
    return (abs(x - width / 2) < width * 0.22) & (abs(y - height / 2) < height * 0.25)


def noise_photo(height: int, width: int, seed: int = 0, channels: int = 3) -> Pixels:
    """Smooth coloured noise of several scales."""
    generator = np.random.default_rng(seed)
    total = np.zeros((height, width, channels))
    for scale in (4, 16, 64):
        shape = (-(-height // scale) + 1, -(-width // scale) + 1, channels)
        coarse = generator.uniform(-1, 1, shape).repeat(scale, 0).repeat(scale, 1)
        total += coarse[:height, :width]
    return np.clip(128 + 45 * total, 0, 255).astype(np.uint8)
