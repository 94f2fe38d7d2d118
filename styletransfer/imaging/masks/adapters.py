"""Learned masks, for shops that bring a model: any ONNX matting or saliency file, or the rembg package.

Nothing is ever downloaded: both need a model file that is already on this machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.masks.base import (
    Alpha,
    MaskerUnavailableError,
    Pixels,
    SubjectMask,
    check_pixels,
    own_mask,
)

Floats = NDArray[np.float32]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


class OnnxMasker:
    """Runs an ONNX file that takes one RGB picture and gives one alpha map.

    U2-Net, IS-Net, BiRefNet, MODNet and their like: (1, 3, side, side) float32 in, (1, 1, side, side) or
    (1, side, side) out. The picture is stretched to the input's
    size, as those models expect.

    Args:
        model_path: the file.
        side: input side in pixels; None takes the file's own fixed size, or 1024 where it is open.
        mean: per channel, subtracted from pixels in [0, 1].
        deviation: per channel, divides afterwards.
        sigmoid: whether the output is logits.
        stretch: whether to stretch each output to [0, 1], as U2-Net's own code does.
        threads: that onnxruntime may use.
    """

    name = "onnx"

    def __init__(
        self,
        model_path: str | Path,
        *,
        side: int | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        deviation: Sequence[float] = IMAGENET_DEVIATION,
        sigmoid: bool = False,
        stretch: bool = False,
        threads: int = 1,
    ) -> None:
        self.model_path = Path(model_path)
        self.side = side
        self.mean = np.asarray(mean, np.float32)
        self.deviation = np.asarray(deviation, np.float32)
        self.sigmoid = sigmoid
        self.stretch = stretch
        self.threads = threads
        self._session = _Once(self._load)

    def mask(self, pixels: Pixels) -> SubjectMask:
        """Find the subject; see ``Masker.mask``."""
        check_pixels(pixels)
        own = own_mask(pixels)
        if own is not None:
            return own
        session = self._session.get()
        source = session.get_inputs()[0]
        width, height = self._input_size(source.shape)
        picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
        resized = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)
        tensor = ((resized / np.float32(255) - self.mean) / self.deviation).transpose(2, 0, 1)[None]
        output = session.run(None, {source.name: np.ascontiguousarray(tensor)})[0]
        alpha = self._to_alpha(np.asarray(output, np.float32))
        full = _resize(alpha, pixels.shape[1], pixels.shape[0])
        return SubjectMask(full, certainty(full), self.name)

    def _load(self) -> Any:
        if not self.model_path.is_file():
            raise MaskerUnavailableError(
                f"There is no model file at {self.model_path}. Get one, check its licence, set model_path."
            )
        runtime = _import("onnxruntime", "pip install onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        try:
            return runtime.InferenceSession(
                str(self.model_path), sess_options=options, providers=runtime.get_available_providers()
            )
        except Exception as error:
            raise MaskerUnavailableError(
                f"{self.model_path} is no ONNX model that runs here: {error}"
            ) from error

    def _input_size(self, shape: Sequence[object]) -> tuple[int, int]:
        """Width and height of the input: the file's own where it fixes them, else the option."""
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise MaskerUnavailableError(
                f"{self.model_path.name} takes input of shape {list(shape)}; (1, 3, height, width) is needed."
            )
        height, width = (size if isinstance(size, int) else self.side or 1024 for size in shape[2:])
        return width, height

    def _to_alpha(self, output: Floats) -> Alpha:
        """The first map (height, width) of an output, in [0, 1]."""
        alpha = output.reshape(-1, *output.shape[-2:])[0]
        if self.sigmoid:
            alpha = 1 / (1 + np.exp(-np.clip(alpha, -50, 50)))
        if self.stretch:
            low, high = float(alpha.min()), float(alpha.max())
            alpha = (alpha - low) / max(high - low, 1e-6)
        return np.asarray(np.clip(np.nan_to_num(alpha), 0, 1), np.float32)


class RembgMasker:
    """Runs a model of the rembg package, with one session for all pictures.

    Args:
        model_path: the model's ONNX file. rembg looks for ``<model name>.onnx`` in a folder of its own and
            downloads what is missing; here the folder is that of ``model_path``, and a missing file is an
            error.
        model: rembg's name of the model; by default the file's name.
        alpha_matting: rembg's own edge refinement (slow).
    """

    name = "rembg"

    def __init__(self, model_path: str | Path, model: str | None = None, alpha_matting: bool = False) -> None:
        self.model_path = Path(model_path)
        self.model = model or self.model_path.stem
        self.alpha_matting = alpha_matting
        self._session = _Once(self._load)

    def mask(self, pixels: Pixels) -> SubjectMask:
        """Find the subject; see ``Masker.mask``."""
        check_pixels(pixels)
        own = own_mask(pixels)
        if own is not None:
            return own
        package, session = self._session.get()
        picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
        result = package.remove(picture, session=session, only_mask=True, alpha_matting=self.alpha_matting)
        alpha = np.asarray(result.convert("L"), np.float32) / np.float32(255)
        return SubjectMask(alpha, certainty(alpha), self.name)

    def _load(self) -> tuple[Any, Any]:
        expected = self.model_path.parent / f"{self.model}.onnx"
        if not expected.is_file():
            raise MaskerUnavailableError(
                f"There is no model file at {expected}. Download it, check its licence, and set model_path."
            )
        package = _import("rembg", "pip install 'rembg[cpu]'")
        runtime = _import("onnxruntime", "pip install onnxruntime")
        sessions = import_module("rembg.sessions").sessions_class
        found = next((kind for kind in sessions if kind.name() == self.model), None)
        if found is None:
            known = ", ".join(sorted(kind.name() for kind in sessions))
            raise MaskerUnavailableError(f"rembg has no model named {self.model!r}. It knows: {known}.")
        local = type(
            "LocalSession",
            (found,),
            {"download_models": classmethod(lambda cls, *args, **options: str(expected))},
        )
        return package, local(self.model, runtime.SessionOptions())


class _Once:
    """A value that the first caller computes, while others wait."""

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._value: Any = None

    def get(self) -> Any:
        with self._lock:
            if self._value is None:
                self._value = self._compute()
            return self._value


def certainty(alpha: Alpha) -> float:
    """How decided an alpha map is, in [0, 1]: 1 when all is 0 or 1, low when much hovers, or all is one."""
    solid = float((alpha > 0.5).mean())
    if solid < 0.002 or solid > 0.98:
        return 0.1
    hovering = float(((alpha > 0.1) & (alpha < 0.9)).mean())
    return float(np.clip(1 - 1.5 * hovering / solid, 0, 1))


def _resize(alpha: Alpha, width: int, height: int) -> Alpha:
    resized = Image.fromarray(alpha).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(np.clip(np.asarray(resized, np.float32), 0, 1), np.float32)


def _import(package: str, command: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise MaskerUnavailableError(
            f"The package {package} is missing. Install it with: {command}"
        ) from error
