"""The engine of "one catalogue, one look": light, background and framing; no network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.engine.abilities import EngineSettingsError
from styletransfer.engine.base import (
    CODE_SIZE,
    EngineError,
    EngineUnavailableError,
    PaintRequest,
    Pixels,
    StyleCode,
)
from styletransfer.imaging.masks.base import (
    Masker,
    MaskError,
    MaskerUnavailableError,
    create_masker,
)
from styletransfer.imaging.unify.settings import UnifyOptions, UnifyOptionsError

# Raise when the same photo and options give other pixels; every variant is then made anew.
UNIFY_VERSION = "4"

AIMS = ("neutral", "references", "catalogue")
"""Where the target light comes from: the options' own, the preset's reference pictures, or the median of a
catalogue, which was measured and then written into the options' target."""


class UnifyEngine:
    """Unifies product photos behind the ``Engine`` protocol.

    A request's settings are a look as ``UnifyOptions.as_mapping`` gives it, and ``aim``, one of ``AIMS``. Its
    code is the light of the preset's reference pictures.

    Args:
        options: values for settings that a preset leaves out.
        masker: name of the method that finds the subject where a request brings no mask, or "module:Class".

    Raises:
        EngineUnavailableError: the options are not valid.
    """

    uses_style_code = True
    needs_references = False
    uses_mask = True
    keeps_size = False

    def __init__(self, *, options: Mapping[str, Any] | None = None, masker: str = "border") -> None:
        try:
            self.options = UnifyOptions.from_mapping(options or {})
        except UnifyOptionsError as error:
            raise EngineUnavailableError(f"The unify engine's options are not valid: {error}") from error
        self.masker = masker
        self._given = dict(options or {})
        self._loaded_masker: Masker | None = None

    @staticmethod
    def check_settings(settings: Mapping[str, Any]) -> None:
        """Raise EngineSettingsError unless ``settings`` describe a look; the text names what is wrong."""
        plain = dict(settings)
        aim = plain.pop("aim", AIMS[0])
        if aim not in AIMS:
            raise EngineSettingsError(f"aim must be one of {', '.join(AIMS)}, not {aim!r}")
        try:
            UnifyOptions.from_mapping(plain)
        except UnifyOptionsError as error:
            raise EngineSettingsError(str(error)) from error

    def digest(self) -> str:
        """Digest of the code's version, the options and the mask method."""
        described = {"version": UNIFY_VERSION, "options": self.options.as_mapping(), "masker": self.masker}
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """The light of reference pictures: white (3), exposure, contrast, lightness, colour (2), then 0."""
        from styletransfer.imaging.unify.light import measure_light, target_of  # noqa: PLC0415 - needs OpenCV

        light = target_of(
            [measure_light(each[..., :3], self._mask(each)) for each in references], keep_white=True
        )
        code = np.zeros(CODE_SIZE, np.float32)
        code[:8] = (*light.white, light.exposure, light.contrast, light.lightness, *light.colour)
        return code

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Unify every photo; the results are RGB and have the size that the settings ask for."""
        return [self._unify(request) for request in requests]

    def _unify(self, request: PaintRequest) -> Pixels:
        from styletransfer.imaging.unify.picture import unify_picture  # noqa: PLC0415 - needs OpenCV

        mask = self._mask(request.photo) if request.mask is None else request.mask
        try:
            unified = unify_picture(request.photo, mask, self._options_of(request))
        except ValueError as error:
            raise EngineError(f"This photo cannot be unified: {error}") from error
        if unified.framing.scale > 1:
            request.measures["enlarged"] = round(float(unified.framing.scale), 3)
        return unified.pixels

    def _options_of(self, request: PaintRequest) -> UnifyOptions:
        plain = {**self._given, **request.settings}
        aim = plain.pop("aim", AIMS[0])
        if aim == "references":
            if request.code is None:
                raise EngineError("The preset aims at its reference pictures but has none. Add one.")
            plain["target"] = {
                "white": [float(each) for each in request.code[:3]],
                "exposure": float(request.code[3]),
                "contrast": float(request.code[4]),
                "lightness": float(request.code[5]),
                "colour": [float(each) for each in request.code[6:8]],
            }
        return UnifyOptions.from_mapping(plain)

    def _mask(self, photo: Pixels) -> NDArray[np.float32]:
        """The subject's mask; all 0 when the method is not sure enough to cut anything out."""
        if self._loaded_masker is None:
            self._loaded_masker = self._load_masker()
        try:
            found = self._loaded_masker.mask(photo)
        except MaskError as error:
            raise EngineError(str(error)) from error
        except MaskerUnavailableError as error:
            raise EngineUnavailableError(str(error)) from error
        return found.alpha if found.is_reliable else np.zeros_like(found.alpha)

    def _load_masker(self) -> Masker:
        try:
            return create_masker(self.masker)
        except MaskerUnavailableError as error:
            raise EngineUnavailableError(str(error)) from error
