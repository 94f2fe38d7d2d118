"""The controls on arrays, for engines without torch; ``controls.py`` is the torch form."""

from __future__ import annotations

import numpy as np

from styletransfer.engine.array_calm import calmed
from styletransfer.engine.base import PaintOptions, Pixels
from styletransfer.engine.control_settings import FADE_BELOW
from styletransfer.imaging.colour import lab_to_rgb, rgb_to_lab


def apply_controls(photo: Pixels, painted: Pixels, options: PaintOptions) -> Pixels:
    """Calm, keep_colours and the fade of weak strengths on one painting (height, width, 3) uint8.

    Detail is left to whoever called the engine; see ``engine.abilities``.
    """
    result = painted
    if max(options.calm, options.keep_colours) > 0:
        lab = rgb_to_lab(painted)
        if options.calm > 0:
            lab = calmed(photo, painted, lab, options.calm)
        if options.keep_colours > 0:
            lab[..., 1:] += options.keep_colours * (rgb_to_lab(photo)[..., 1:] - lab[..., 1:])
        result = lab_to_rgb(lab)
    if options.strength < FADE_BELOW:
        share = np.float32(options.strength / FADE_BELOW)
        result = np.rint(photo + share * (result.astype(np.float32) - photo)).astype(np.uint8)
    return result
