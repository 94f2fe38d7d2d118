"""The measures that every painted variant records, in one call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import delta_e_2000, rgb_to_lab
from styletransfer.imaging.edges import edge_map, matched_edges
from styletransfer.imaging.fidelity import grey_ssim
from styletransfer.imaging.filters import luma, shrink
from styletransfer.imaging.style_distance import (
    LONGEST_SIDE,
    statistics_distance,
    statistics_of_lab,
    style_statistics,
)


def measure(
    photo: NDArray[np.uint8], painted: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> dict[str, float]:
    """What the painting kept of the photo and how near it came to the reference's look.

    Every picture is first shrunk to 512 px on its longest side (transparency goes onto white): the figures
    then mean the same at every size, and take a tenth of a second.

    Args:
        photo: (height, width, 3 or 4) uint8, at least 16 px a side.
        painted: the same height and width.
        reference: a picture in the wanted style, any size.

    Returns:
        ``ssim`` and ``edge_f1`` (1 keeps all) and ``delta_e`` (mean CIEDE2000, over every second pixel of
        every second row), all between photo and painting;
        ``style_distance_before`` (photo to reference) and ``style_distance_after`` (painting to reference).

    Raises:
        ValueError: photo and painting differ in size.
    """
    if photo.shape[:2] != painted.shape[:2]:
        raise ValueError(f"photo and painting must have one size, not {photo.shape} and {painted.shape}")
    small_photo, small_painted = shrink(photo, LONGEST_SIDE), shrink(painted, LONGEST_SIDE)
    grey_photo, grey_painted = luma(small_photo), luma(small_painted)
    lab_photo, lab_painted = rgb_to_lab(small_photo), rgb_to_lab(small_painted)
    wanted = style_statistics(reference)
    return {
        "ssim": grey_ssim(grey_photo, grey_painted),
        "edge_f1": matched_edges(edge_map(grey_photo), edge_map(grey_painted)),
        "delta_e": float(delta_e_2000(lab_photo[::2, ::2], lab_painted[::2, ::2]).mean(dtype=np.float64)),
        "style_distance_before": statistics_distance(statistics_of_lab(lab_photo), wanted),
        "style_distance_after": statistics_distance(statistics_of_lab(lab_painted), wanted),
    }
