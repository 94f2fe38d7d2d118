"""The constants of the controls, shared by their torch and their numpy form."""

from __future__ import annotations

# The network does not quite reproduce a photo in its own style; below this strength the photo shows through.
FADE_BELOW = 0.15

# Calm.
PREVIEW_SIDE = 256  # flatness is measured at this size, so that it means the same for every photo size
WIDE_RADIUS = 13  # of the neighbourhood that must be flat, preview px; applied twice
STRONG_EDGE = 0.06  # gradients count up to here, so that one outline does not make its surroundings busy
FLAT_WIDE = (0.012, 0.022)  # root mean square gradient: flat below the first, busy above the second
FLAT_LOCAL = (0.02, 0.05)  # the same within 1 px
REACH = 96  # how far calm spreads from a widely flat place over locally flat ones, preview px
CELLS = 17  # of the grid of photo colours, along each of L, a and b
CHROMA_RANGE = 80.0  # a and b lie within this on the grid
NEAR_LIGHTNESS = 12.0  # standard deviation of the preference for painted colours of the tone's lightness
