"""A catalogue report in Chromium: asked for, followed, read, and led on to the confirm page."""

import numpy as np
import pytest

from shop.models import ProductImage
from styletransfer.imaging.masks.base import SubjectMask
from styletransfer.jobs import masks
from styletransfer.jobs.reports import measure_some
from styletransfer.models import StyledVariant, StylePreset
from tests.e2e.test_admin import staff

__all__ = ["staff"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


class Middle:
    """A quick method that is sure of the middle of every picture."""

    name = "middle"

    def mask(self, pixels):
        height, width = pixels.shape[:2]
        alpha = np.zeros((height, width), np.float32)
        alpha[height // 4 : -height // 4, width // 4 : -width // 4] = 1
        return SubjectMask(alpha, 0.9, self.name)


def test_a_report_is_read_and_its_outliers_are_restyled(settings, staff):
    visitor = staff()
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "MASKER": f"{__name__}:Middle"}
    masks._masker.cache_clear()
    kept = ProductImage.objects.order_by("product", "position").values_list("pk", flat=True)[:12]
    ProductImage.objects.exclude(pk__in=list(kept)).delete()
    look = StylePreset.objects.get(pk=StyledVariant.objects.values_list("preset", flat=True)[0])
    StylePreset.objects.create(slug="studio", name="Studio", engine="unify", widths=[320])
    page = visitor.page
    visitor.open("/admin/styletransfer/cataloguereport/")
    page.select_option("select[name=source]", "shop.productimage")
    page.select_option("select[name=preset]", str(look.pk))
    page.click(".st-report-start button")
    page.wait_for_selector(".st-report-bar")
    measure_some(60.0)
    page.wait_for_selector(".st-spreads")
    assert page.locator(".st-spreads tbody tr").count() >= 8
    visitor.shoot("admin-report", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("text=Before and after of the whole set")
    page.wait_for_selector(".st-pairs li")
    visitor.shoot("admin-report-set")
    page.go_back()
    number = page.locator(".st-outlier input:checked").count()
    assert number
    page.click("text=Restyle the ticked photos")
    page.wait_for_selector(".st-confirm")
    assert page.locator("input[name=presets]:checked").count() == 1
    assert visitor.problems == []
