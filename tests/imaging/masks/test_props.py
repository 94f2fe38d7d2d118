from __future__ import annotations

import cv2
import numpy as np
import pytest

from styletransfer.imaging.masks.props import staging_plants


def _scene(product: bool = True):
    """Lab and unlikeness (240, 320) of a plant in a white pot, with or without a red cube beside it."""
    lab = np.full((240, 320, 3), (70, 4, 12), np.float32)
    thing = np.zeros((240, 320), np.uint8)
    random = np.random.default_rng(4)
    pot = np.array([[70, 150], [130, 150], [122, 215], [78, 215]])
    cv2.fillConvexPoly(lab, pot, (88.0, 0.0, 2.0))
    cv2.fillConvexPoly(thing, pot, 1)
    for angle in np.linspace(-75, 75, 9):
        tip = (int(100 + 80 * np.sin(np.radians(angle))), int(160 - 90 * np.cos(np.radians(angle))))
        leaf = np.zeros((240, 320), np.uint8)
        cv2.line(leaf, (100, 160), tip, 1, 11)
        shade = random.normal(38, 8, (240, 320)).astype(np.float32)
        lab[leaf > 0] = np.dstack([shade, np.full_like(shade, -22), np.full_like(shade, 24)])[leaf > 0]
        thing |= leaf
    if product:
        lab[130:215, 210:290] = (45, 55, 35)
        thing[130:215, 210:290] = 1
    return lab, thing.astype(np.float32) * np.float32(20)


def test_foliage_and_its_pot_are_discounted_and_the_product_is_not():
    discount = staging_plants(*_scene())
    assert discount[100:140, 95:105].mean() > 0.9
    assert discount[175:205, 90:110].mean() > 0.9
    assert discount[130:215, 210:290].max() == 0


def test_a_plant_alone_is_the_product():
    assert staging_plants(*_scene(product=False)).max() == 0


@pytest.mark.parametrize("colour", [(70, 4, 12), (50, -25, 25)])
def test_flat_colour_is_no_plant(colour):
    lab = np.full((100, 120, 3), colour, np.float32)
    assert staging_plants(lab, np.zeros((100, 120), np.float32)).max() == 0
