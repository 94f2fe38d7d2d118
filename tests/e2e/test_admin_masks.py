"""The brush in Chromium: drawn by pointer and by keys, undone, saved, and shown again."""

import io

import numpy as np
import pytest
from PIL import Image

from shop.models import ProductImage
from styletransfer.imaging.masking import from_png
from styletransfer.jobs.drawing import open_masks
from styletransfer.models import PhotoMask
from styletransfer.models.storage import variant_storage
from styletransfer.sources import get_source
from tests.e2e.test_admin import staff

__all__ = ["staff"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def kept(name):
    with variant_storage().open(name) as file:
        return from_png(file.read())


def test_a_product_is_marked_and_an_area_protected(staff):
    visitor = staff()
    page = visitor.page
    row = open_masks(get_source(ProductImage), ProductImage.objects.first())
    visitor.open(f"/admin/styletransfer/photomask/{row.pk}/change/")
    page.wait_for_selector(".st-mask-tools:not([hidden])")
    page.evaluate("document.querySelector('.st-mask-canvas').scrollIntoView({block: 'center'})")
    box = page.locator(".st-mask-canvas").bounding_box()

    def stroke(points):
        places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=4)
        page.mouse.up()

    stroke([(0.3, 0.3), (0.7, 0.7)])
    stroke([(0.1, 0.9), (0.2, 0.9)])
    page.click("[data-act=undo]")
    page.check("[name=layer][value=areas]")
    # By keys alone: a dab in the middle, and one to its right.
    page.focus(".st-mask-canvas")
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    visitor.shoot("admin-mask")
    page.click("[data-act=save]")
    page.wait_for_function("document.querySelector('.st-mask-status').textContent.startsWith('Saved')")
    row = PhotoMask.objects.get()
    subject, areas = kept(row.drawn_name), kept(row.areas_name)
    height, width = subject.shape
    assert subject[height // 2, width // 2] == 255
    assert subject[round(height * 0.9), round(width * 0.15)] == 0
    assert areas.max() == 255
    assert 0 < (areas > 127).mean() < 0.2
    visitor.open(f"/admin/styletransfer/photomask/{row.pk}/change/")
    page.wait_for_selector(".st-mask-tools:not([hidden])")
    shown = Image.open(io.BytesIO(page.locator(".st-mask-canvas").screenshot())).convert("RGB")
    middle = np.asarray(shown)[shown.height // 2 - 40, shown.width // 2 - 40].astype(int)
    assert middle[2] > middle[0]
    assert visitor.problems == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
