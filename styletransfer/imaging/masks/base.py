"""What a subject mask is, what makes one, and how a method is found by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Alpha = NDArray[np.float32]

RELIABLE_CONFIDENCE = 0.5
"""Masks below this confidence are shown to staff for a look instead of being used as they are."""


class MaskError(Exception):
    """A mask cannot be made from this input; the text says what to change."""


class MaskerUnavailableError(Exception):
    """The method cannot run in this process (a missing package or model file); the text says what to do."""


@dataclass(frozen=True, eq=False)
class SubjectMask:
    """How much of each pixel belongs to the product.

    Attributes:
        alpha: (height, width) float32 in [0, 1]; 1 is the product, 0 the background.
        confidence: in [0, 1]; how far the method trusts its own result.
        method: name of what made it, such as "border", "alpha", "drawn" or "fallback".
    """

    alpha: Alpha
    confidence: float
    method: str

    def __post_init__(self) -> None:
        if self.alpha.ndim != 2 or self.alpha.dtype != np.float32:
            raise ValueError(
                f"alpha must be (height, width) float32, not {self.alpha.shape} {self.alpha.dtype}"
            )
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must lie between 0 and 1, not {self.confidence!r}")

    @property
    def is_reliable(self) -> bool:
        """Whether the mask may be used without anyone looking at it."""
        return self.confidence >= RELIABLE_CONFIDENCE

    @property
    def coverage(self) -> float:
        """Share of the picture that the subject takes, in [0, 1]."""
        return float(self.alpha.mean(dtype=np.float64))


class Masker(Protocol):
    """One way of finding the subject. One instance may serve many threads."""

    name: str

    def mask(self, pixels: Pixels) -> SubjectMask:
        """Find the subject of (height, width, 3) RGB or (height, width, 4) RGBA pixels.

        Never raises for a picture that is merely difficult: it returns a mask of low confidence.

        Raises:
            MaskError: the array is no picture.
            MaskerUnavailableError: a package or a model file is missing.
        """
        ...


BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "border": "styletransfer.imaging.masks.border:BorderMasker",
        "rembg": "styletransfer.imaging.masks.adapters:RembgMasker",
        "onnx": "styletransfer.imaging.masks.adapters:OnnxMasker",
    }
)


def create_masker(name: str, paths: Mapping[str, str] = BUILT_IN, **options: object) -> Masker:
    """Instantiate the method registered as ``name``, or at the path ``module:Class`` itself.

    Args:
        name: a key of ``paths``, or "module:Class".
        paths: names to "module:Class"; a shop's own methods may be added.
        **options: what the class takes, such as ``model_path`` for "onnx".

    Raises:
        MaskerUnavailableError: the name is unknown, or a package is missing; the text says which.
    """
    path = paths.get(name, name)
    module_name, separator, class_name = path.partition(":")
    if not separator:
        known = ", ".join(sorted(paths))
        raise MaskerUnavailableError(f"There is no mask method named {name!r}. Known methods: {known}.")
    try:
        masker_class = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise MaskerUnavailableError(f"Mask method {name!r} cannot be loaded: {_advice(error)}") from error
    masker: Masker = masker_class(**options)
    return masker


def _advice(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == "cv2":
        return "OpenCV is missing. Install it with: pip install 'django-styletransfer[masks]'"
    return str(error)


def check_pixels(pixels: Pixels) -> None:
    """Raise MaskError unless ``pixels`` is (height, width, 3 or 4) uint8 with at least one pixel."""
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.dtype != np.uint8 or pixels.size == 0:
        raise MaskError(
            f"A picture must be (height, width, 3 or 4) uint8, not {pixels.shape} {pixels.dtype}. "
            "Decode it with styletransfer.imaging.decode first."
        )


def alpha_of(pixels: Pixels) -> Alpha | None:
    """The picture's own transparency as alpha in [0, 1]; None when it has none or is opaque everywhere."""
    if pixels.shape[2] != 4 or bool((pixels[..., 3] == 255).all()):
        return None
    return pixels[..., 3].astype(np.float32) / np.float32(255)


def own_mask(pixels: Pixels) -> SubjectMask | None:
    """The picture's own transparency as its mask, confidence 1; None when it has none."""
    alpha = alpha_of(pixels)
    return None if alpha is None else SubjectMask(alpha, 1.0, "alpha")


def drawn_mask(painted: NDArray[np.uint8], height: int, width: int) -> SubjectMask:
    """A mask drawn by hand, of any size, as the mask of a (height, width) picture; confidence 1.

    Args:
        painted: (any height, any width) uint8; 255 is the product.
        height: of the photo, in pixels.
        width: of the photo, in pixels.
    """
    resized = Image.fromarray(painted).resize((width, height), Image.Resampling.BILINEAR)
    return SubjectMask(np.asarray(resized, np.float32) / np.float32(255), 1.0, "drawn")
