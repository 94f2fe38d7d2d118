from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.masks.enclosed import enclosed_regions, snap_outline
from styletransfer.imaging.masks.evidence import crispness, gather_evidence
from tests.imaging.masks.pictures import overlap, paint, planks, sweep, vase


def _lab(picture):
    return cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)


def _clear_glass(picture, shape, rim=4):
    """Draw only the rim of a thing: inside it the backdrop shows."""
    inner = cv2.erode(shape.astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1))) > 0
    return np.where(inner[..., None], picture, paint(picture, shape, (150, 160, 165)))


def test_a_step_is_crisp_and_a_gradual_change_is_not():
    row = np.concatenate([np.full(40, 90.0), np.full(40, 60.0), np.linspace(60, 90, 80), np.full(40, 90.0)])
    lab = np.zeros((60, len(row), 3), np.float32)
    lab[..., 0] = row
    crisp = crispness(lab)[30]
    assert crisp[38:42].max() > 4
    assert crisp[60:].max() < 0.2


def test_what_a_thin_outline_encloses_is_found_whole():
    evidence = gather_evidence(_lab(_clear_glass(sweep(), vase())))
    assert evidence.is_plain
    best = max(overlap(region.astype(np.float32), vase()) for region in enclosed_regions(evidence))
    assert best > 0.9


def test_planks_are_not_plain():
    assert not gather_evidence(_lab(paint(planks(), vase(), (40, 70, 150)))).is_plain


def test_the_outline_snaps_to_the_edge():
    lab = _lab(paint(sweep(), vase(), (190, 40, 45)))
    loose = cv2.dilate(vase().astype(np.uint8), np.ones((5, 5))) > 0
    assert overlap(snap_outline(lab, loose).astype(np.float32), vase()) > 0.95
    assert overlap(loose.astype(np.float32), vase()) < 0.93


def test_an_empty_or_full_region_comes_back():
    lab = _lab(sweep())
    for region in (np.zeros((240, 320), bool), np.ones((240, 320), bool)):
        np.testing.assert_array_equal(snap_outline(lab, region), region)


def test_a_pale_back_belongs_to_the_product():
    shape = np.zeros((240, 320), bool)
    shape[70:180, 90:240] = True
    picture = paint(sweep(low=225), shape, (252, 252, 252))
    picture[80:180, 90:225] = (60, 70, 72)
    found = create_masker("border").mask(picture)
    assert overlap(found.alpha, shape) > 0.95
