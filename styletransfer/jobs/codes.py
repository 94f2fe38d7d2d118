"""The style code of a preset: from its reference pictures, or a weighted mean of other presets' codes."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from django.utils.translation import gettext as _

from styletransfer.engine.base import EngineError, Pixels, StyleCode
from styletransfer.imaging.decode import ImageRefusedError, decode
from styletransfer.jobs.engines import exclusive, get_engine
from styletransfer.jobs.files import StorageDownError
from styletransfer.jobs.photos import PhotoUnreadableError, decode_limits, read_bytes
from styletransfer.models import StylePreset, StyleReference
from styletransfer.models.storage import variant_storage

REFERENCE_SIDE = 1024
_REMEMBERED = 256

_codes: OrderedDict[tuple[str, str], StyleCode] = OrderedDict()


def ensure_style_code(preset: StylePreset) -> StyleCode | None:
    """The code of a preset under the engine as it is now, computed and stored when missing or out of date.

    A draft has its owner's code. A mix is the mean of its components' codes by their weights: every
    convex mix of codes is a style.

    Returns:
        (128,) float32, or None when the engine needs no code.

    Raises:
        EngineError: the preset has no usable reference picture; the text says what to do.
        StorageDownError: its picture cannot be read for now.
        EngineUnavailableError: the engine cannot run in this process.
    """
    owner = preset.draft_of or preset
    engine = get_engine(owner.engine)
    if not engine.uses_style_code:
        return None
    engine_digest = engine.digest()
    key = (preset.digest, engine_digest)
    if key in _codes:
        _codes.move_to_end(key)
        return _codes[key]
    if not getattr(engine, "needs_references", True) and not _has_look(owner):
        return None
    code = owner.style_code_for(engine_digest)
    if code is None:
        code = _compute(owner)
        owner.store_style_code(code, engine_digest)
    _codes[key] = code
    while len(_codes) > _REMEMBERED:
        _codes.popitem(last=False)
    return code


def first_reference(preset: StylePreset) -> Pixels | None:
    """The picture (height, width, 3) that a painting's style is measured against, or None without any.

    For a mix it is the first picture of the component with the greatest weight.
    """
    owner = preset.draft_of or preset
    reference = owner.references.order_by("position", "pk").first()
    if reference is None:
        part = owner.parts.select_related("component").order_by("-weight", "component_id").first()
        reference = part.component.references.order_by("position", "pk").first() if part else None
    return _pixels(reference) if reference else None


def _has_look(owner: StylePreset) -> bool:
    return owner.references.exists() or owner.parts.exists()


def _compute(owner: StylePreset) -> StyleCode:
    parts = list(owner.parts.select_related("component").order_by("component_id"))
    if parts:
        codes = [ensure_style_code(part.component) for part in parts]
        known = [(part.weight, code) for part, code in zip(parts, codes, strict=True) if code is not None]
        if not known:
            raise EngineError(_("No component of the mix %(preset)s has a style code.") % {"preset": owner})
        weights, vectors = zip(*known, strict=True)
        return np.average(np.stack(vectors), axis=0, weights=weights).astype(np.float32)
    references = list(owner.references.order_by("position", "pk"))
    if not references:
        raise EngineError(
            _("The preset %(preset)s has no reference picture. Add one, or mix other presets.")
            % {"preset": owner}
        )
    pictures = [_pixels(reference) for reference in references]
    with exclusive(owner.engine) as engine:
        return engine.style_code(pictures)


def _pixels(reference: StyleReference) -> Pixels:
    """A reference picture (height, width, 3), transparency laid on white."""
    try:
        data = read_bytes(variant_storage(), reference.image.name or "")
        photo = decode(data, decode_limits(), max_size=(REFERENCE_SIDE, REFERENCE_SIDE))
    except (ImageRefusedError, PhotoUnreadableError) as error:
        if isinstance(error, PhotoUnreadableError) and not error.is_missing:
            raise StorageDownError(str(error)) from error
        raise EngineError(
            _("A reference picture of the preset %(preset)s cannot be used: %(reason)s")
            % {"preset": reference.preset, "reason": error}
        ) from error
    pixels = photo.pixels
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
