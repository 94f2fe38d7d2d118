"""Chromium against a live server. The photos are real, the looks are tints made by ``tests.shop.painted``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# Playwright's sync API runs an event loop in this thread, which Django would take for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

OUTPUT = Path(__file__).resolve().parents[2] / "test-output"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SCREENS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}

COUNT_SHIFTS = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def find_chromium():
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser():
    executable = find_chromium()
    if executable is None:
        reason = "No Chromium found: install Debian's `chromium` or set CHROMIUM to its path."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def store(settings, transactional_db, tmp_path):
    """The store with its catalogue, five products of it painted in three looks."""
    from shop.catalogue_loader import load_catalogue
    from shop.models import Product, ProductImage
    from styletransfer import products, sources
    from tests.shop.painted import make_presets, paint

    settings.ROOT_URLCONF = "shop.urls"
    settings.SERVE_FILES = True
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    sources.register(ProductImage, image="image", product="product", alt="alt")
    products.register(
        Product, category="category__slug", photo="main_photo", available="is_active=True, stock__gt=0"
    )
    load_catalogue()
    presets = make_presets()
    for photo in ProductImage.objects.order_by("product", "position")[:8]:
        for preset in presets:
            paint(photo, preset)
    yield
    products.unregister(Product)
    sources.unregister(ProductImage)


LOOK_THROUGH = """async () => {
  for (const image of document.images) {
    image.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    await new Promise(requestAnimationFrame);
  }
}"""

BACK_TO_THE_START = """() => {
  for (const scrolled of [document.scrollingElement, ...document.querySelectorAll(".row, .chips")])
    scrolled.scrollTo({ top: 0, left: 0, behavior: "instant" });
}"""


class Visitor:
    """A browser window that remembers everything that went wrong in it."""

    def __init__(self, page, base, name):
        self.page = page
        self.base = base
        self.name = name
        self.problems = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("response", self._answered)
        page.add_init_script(COUNT_SHIFTS)

    def _heard(self, message):
        if message.type in {"error", "warning"}:
            self.problems.append(f"console: {message.text}")

    def _answered(self, response):
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")

    def open(self, address):
        self.page.goto(self.base + address)
        self.page.wait_for_load_state("networkidle")

    def look_through(self):
        """Bring every picture into view, those of a row that scrolls sideways too, until all are there."""
        self.page.evaluate(LOOK_THROUGH)
        self.page.wait_for_function("[...document.images].every(image => image.complete)")
        self.page.evaluate(BACK_TO_THE_START)

    def shoot(self, name, *, full_page=False):
        OUTPUT.mkdir(exist_ok=True)
        path = OUTPUT / f"{name}-{self.name}.png"
        self.page.screenshot(path=path, full_page=full_page, animations="disabled")

    def check(self):
        """No errors, no broken pictures, nothing moved, nothing wider than the screen."""
        assert self.problems == []
        broken = self.page.evaluate(
            "[...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src)"
        )
        assert broken == []
        assert self.page.evaluate("window.layoutShift") < 0.02
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(params=SCREENS)
def visit(request, browser, store, live_server):
    """Open windows on one screen size; ``script=False`` turns JavaScript off.

    Visitors have declined to be recognised, so that no banner is in the way, unless ``decided=False``.
    """
    contexts = []

    def make(*, script=True, decided=True, **options):
        context = browser.new_context(
            viewport=SCREENS[request.param],
            has_touch=request.param == "phone",
            java_script_enabled=script,
            **options,
        )
        context.set_default_timeout(10_000)
        if decided:
            context.add_cookies([{"name": "styletransfer_consent", "value": "1.", "url": live_server.url}])
        contexts.append(context)
        return Visitor(context.new_page(), live_server.url, request.param)

    yield make
    for context in contexts:
        context.close()
