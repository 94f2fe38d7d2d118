"""The painter by onnxruntime: for workers without torch. Imports onnxruntime and OpenCV on first use only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from styletransfer.engine.base import (
    CODE_SIZE,
    EngineError,
    EngineUnavailableError,
    OutOfMemoryError,
    PaintRequest,
    Pixels,
    StyleCode,
)
from styletransfer.engine.onnx_files import PAINTER_FILE, STYLE_ENCODER_FILE, OnnxManifest, read_manifest
from styletransfer.engine.painter_engine import check_pixels

# Raise when the same request gives other pixels; every variant is then painted anew.
ONNX_VERSION = "2"
MARGIN, STRIDE = 64, 4
STATISTICS_MARGIN = 16
REFERENCE_SIDE = 384  # longer side at which looks are read and statistics are measured
LARGEST_PIXELS = 4_000_000


class OnnxEngine:
    """An exported painter behind the ``Engine`` protocol; codes and looks are the ``painter`` engine's.

    Strength, keep_colours and calm are applied here, detail by whoever called. Statistics of a subject or
    of a collection are refused: the exported graph measures whole pictures.

    Args:
        folder: what ``manage.py export_onnx`` wrote.
        threads: of onnxruntime; None for as many as there are cores.
        largest_pixels: larger pictures are refused: this engine paints no tiles.
        providers: onnxruntime's execution providers, in order of preference.
    """

    uses_style_code = True

    def __init__(
        self,
        *,
        folder: str | Path | None = None,
        threads: int | None = None,
        largest_pixels: int = LARGEST_PIXELS,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        self._folder = folder
        self.threads = threads
        self.largest_pixels = largest_pixels
        self.providers = list(providers)
        self._sessions: dict[str, Any] = {}

    @property
    def folder(self) -> Path:
        """Where the exported graphs are.

        Raises:
            EngineUnavailableError: the settings name no folder.
        """
        if self._folder is None:
            raise EngineUnavailableError(
                "The onnx engine needs an exported painter: run manage.py export_onnx --out FOLDER and set "
                'STYLETRANSFER["ENGINE_OPTIONS"]["onnx"] = {"folder": FOLDER}.'
            )
        return Path(self._folder)

    def digest(self) -> str:
        """Hex digest of the exported graphs and of ``ONNX_VERSION``; reads the manifest only.

        Raises:
            EngineUnavailableError: there is no exported painter in the folder.
        """
        manifest = read_manifest(self.folder)
        stated = f"onnx:{ONNX_VERSION}:{manifest.painter}:{manifest.style_encoder}"
        return hashlib.sha256(stated.encode()).hexdigest()

    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """Mean style code (128,) of one or more reference pictures (height, width, 3) uint8.

        Raises:
            EngineError: no reference, or one that is no such picture.
            EngineUnavailableError: onnxruntime or the exported graphs are missing.
        """
        if not references:
            raise EngineError("A style needs at least one reference picture.")
        for reference in references:
            check_pixels(reference)
        mean: StyleCode = np.mean([self._code(reference[..., :3]) for reference in references], 0)
        return mean.astype(np.float32)

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Paint every request, one after the other.

        Raises:
            EngineError: a picture is too small or too large, a request has no valid code, or it asks for
                statistics of a subject or collection.
            OutOfMemoryError: a picture does not fit.
            EngineUnavailableError: onnxruntime or the exported graphs are missing.
        """
        for request in requests:
            self._check(request)
        return [self._painted(request) for request in requests]

    def _check(self, request: PaintRequest) -> None:
        check_pixels(request.photo)
        height, width = request.photo.shape[:2]
        if height * width > self.largest_pixels:
            raise EngineError(
                f"The onnx engine paints up to {self.largest_pixels / 1e6:g} megapixels, not {width} x "
                f"{height}. Use the painter engine for this preset, or raise largest_pixels if memory allows."
            )
        if request.norms is not None or request.options.statistics != "picture":
            raise EngineError(
                "The onnx engine cannot paint by the statistics of a subject or collection. Let this preset "
                "measure whole pictures, or use the painter engine."
            )
        if (
            request.code is None
            or np.shape(request.code) != (CODE_SIZE,)
            or not np.isfinite(request.code).all()
        ):
            raise EngineError(f"The onnx engine needs a style code of {CODE_SIZE} finite numbers.")

    def _painted(self, request: PaintRequest) -> Pixels:
        strength = request.options.strength
        if strength == 0 or request.code is None:
            return request.photo.copy()
        from styletransfer.engine.array_alpha import opaque  # noqa: PLC0415 - imports OpenCV
        from styletransfer.engine.array_controls import apply_controls  # noqa: PLC0415

        photo = opaque(request.photo)
        code = request.code if strength == 1 else self._code(photo) * (1 - strength) + request.code * strength
        painted = apply_controls(photo, self._whole(photo, code), request.options)
        if request.photo.shape[2] == 4:
            painted = np.concatenate((painted, request.photo[..., 3:]), 2)
        return painted

    def _whole(self, photo: Pixels, code: StyleCode) -> Pixels:
        """The network's painting (height, width, 3) of an opaque photo."""
        height, width = photo.shape[:2]
        given = {
            "picture": _network_input(_reflected(photo, MARGIN)),
            "small": _network_input(_reflected(_limited(photo), STATISTICS_MARGIN)),
            "code": np.asarray(code, np.float32)[None],
        }
        painted = self._run(PAINTER_FILE, given)[0, :, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
        pixels: Pixels = np.rint(np.clip(painted, 0, 1) * 255).astype(np.uint8)
        return np.ascontiguousarray(pixels.transpose(1, 2, 0))

    def _code(self, pixels: Pixels) -> StyleCode:
        """Code (128,) of a picture at the size that looks are read at."""
        code: StyleCode = self._run(STYLE_ENCODER_FILE, {"picture": _network_input(_limited(pixels))})[0]
        return code

    def _run(self, name: str, given: dict[str, Any]) -> Any:
        session = self._sessions.get(name) or self._load(name)
        try:
            return session.run(None, given)[0]
        except Exception as error:
            # onnxruntime has no class of its own for this.
            if "allocate" in str(error).lower() or isinstance(error, MemoryError):
                raise OutOfMemoryError(str(error)) from error
            raise

    def _load(self, name: str) -> Any:
        try:
            import cv2  # noqa: F401, PLC0415 - its absence must show before a picture is half painted
            import onnxruntime  # noqa: PLC0415
        except ImportError as error:
            raise EngineUnavailableError(
                f"The onnx engine needs onnxruntime and OpenCV ({error}). "
                'Install them with: pip install "django-styletransfer[onnx]"'
            ) from error
        contents = self._checked(name, read_manifest(self.folder))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads or 0
        self._sessions[name] = onnxruntime.InferenceSession(contents, options, providers=self.providers)
        return self._sessions[name]

    def _checked(self, name: str, manifest: OnnxManifest) -> bytes:
        """A graph's bytes, which must be those that the manifest describes."""
        expected = manifest.painter if name == PAINTER_FILE else manifest.style_encoder
        try:
            contents = (self.folder / name).read_bytes()
        except OSError as error:
            raise EngineUnavailableError(f"{self.folder / name} cannot be read: {error}") from error
        if hashlib.sha256(contents).hexdigest() != expected:
            raise EngineUnavailableError(
                f"{self.folder / name} is not the file its manifest describes. Export the painter again."
            )
        return contents


def _reflected(pixels: Pixels, margin: int) -> Pixels:
    """(height, width, 3) reflected by ``margin`` px, on the far sides by up to 3 more: see ``STRIDE``."""
    border = [(margin, margin - side % -STRIDE) for side in pixels.shape[:2]]
    return np.pad(pixels, (*border, (0, 0)), mode="reflect")


def _limited(pixels: Pixels) -> Pixels:
    """(height, width, 3) scaled down to ``REFERENCE_SIDE``."""
    scale = REFERENCE_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _network_input(pixels: Pixels) -> Any:
    """(height, width, 3) uint8 to (1, 3, height, width) float32 in [0, 1]."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
