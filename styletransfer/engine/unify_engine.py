"""The engine of "one catalogue, one look": light, background and framing; no network and no style code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.engine.base import EngineError, EngineUnavailableError, PaintRequest, Pixels, StyleCode
from styletransfer.imaging.masks.base import (
    Masker,
    MaskError,
    MaskerUnavailableError,
    create_masker,
)
from styletransfer.imaging.unify.settings import UnifyOptions, UnifyOptionsError

# Raise when the same photo and options give other pixels; every variant is then made anew.
UNIFY_VERSION = "1"


class UnifyEngine:
    """Unifies product photos behind the ``Engine`` protocol.

    Args:
        options: a look as ``UnifyOptions.as_mapping`` gives it; left-out keys keep their defaults.
        masker: name of the method that finds the subject, or "module:Class".

    Raises:
        EngineUnavailableError: the options are not valid.
    """

    uses_style_code = False

    def __init__(self, *, options: Mapping[str, Any] | None = None, masker: str = "border") -> None:
        try:
            self.options = UnifyOptions.from_mapping(options or {})
        except UnifyOptionsError as error:
            raise EngineUnavailableError(f"The unify engine's options are not valid: {error}") from error
        self.masker = masker
        self._loaded_masker: Masker | None = None

    def digest(self) -> str:
        """Digest of the code's version, the options and the mask method."""
        described = {"version": UNIFY_VERSION, "options": self.options.as_mapping(), "masker": self.masker}
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """Never called: this engine has no codes.

        Raises:
            EngineError: always.
        """
        raise EngineError("The unify engine uses no style code.")

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Unify every photo; the results are RGB and have the size that the options ask for."""
        return [self._unify(request) for request in requests]

    def _unify(self, request: PaintRequest) -> Pixels:
        from styletransfer.imaging.unify.picture import unify_picture  # noqa: PLC0415 - needs OpenCV

        try:
            return unify_picture(request.photo, self._mask(request.photo), self.options).pixels
        except ValueError as error:
            raise EngineError(f"This photo cannot be unified: {error}") from error

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
