"""The numbers a page is held to: 24 pictures, 2 SQL, no cache, no storage, warm or cold."""

import time

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.template import Context, Template

from styletransfer.delivery import with_styled
from styletransfer.testing import assert_styled_queries, make_variant
from tests.delivery.html import read_html
from tests.testapp.models import Article, Photo

pytestmark = pytest.mark.django_db

PAGE = Template(
    '{% load styletransfer %}{% for photo in photos %}{% styled_picture photo preset="oil" %}{% endfor %}'
)
PRODUCTS = Template(
    "{% load styletransfer %}{% for article in articles %}"
    '{% styled_picture article.cover.image preset="oil" %}{% endfor %}'
)


@pytest.fixture
def photos(make_photo):
    return [make_photo(number) for number in range(24)]


def states_of(html: str) -> list[str]:
    return [picture["data-style-state"] for picture in read_html(html).all("picture")]


@pytest.mark.parametrize("state", ["ready", "queued", "failed", None])
@pytest.mark.parametrize("temperature", ["warm", "cold"])
def test_a_page_of_photos(photos, oil, state, temperature):
    for photo in photos if state else []:
        make_variant(photo, oil, state=state)
    page = with_styled(Photo.objects.order_by("pk"), "oil")
    if temperature == "warm":
        PAGE.render(Context({"photos": page.all()}))
    else:
        ContentType.objects.clear_cache()
        cache.clear()
    with assert_styled_queries(2):
        html = PAGE.render(Context({"photos": page.all()}))
    assert states_of(html) == [state or "missing"] * 24
    assert len(read_html(html).all("source")) == (48 if state == "ready" else 0)


@pytest.mark.parametrize("ready", [True, False])
def test_a_page_of_products_whose_photo_is_joined(photos, oil, ready):
    for photo in photos if ready else []:
        make_variant(photo, oil)
    ContentType.objects.clear_cache()
    with assert_styled_queries(2):
        articles = with_styled(Article.objects.order_by("pk"), "oil", through="cover")
        html = PRODUCTS.render(Context({"articles": articles}))
    assert states_of(html) == ["ready" if ready else "missing"] * 24


def test_photos_without_alt_text_take_the_products_name_from_the_same_query(photos, oil):
    Photo.objects.update(alt="")
    with assert_styled_queries(2):
        html = PAGE.render(Context({"photos": with_styled(Photo.objects.order_by("pk"), "oil")}))
    assert read_html(html).all("img")[3]["alt"] == "Mug 3"
    with assert_styled_queries(2):
        articles = with_styled(Article.objects.order_by("pk"), "oil", through="cover")
        html = PRODUCTS.render(Context({"articles": articles}))
    assert read_html(html).all("img")[3]["alt"] == "Mug 3"


def test_the_original_wants_no_query_of_its_own(photos, oil):
    Photo.objects.filter(pk__lt=photos[3].pk).update(alt="")
    page = Template(
        "{% load styletransfer %}{% for p in ps %}{% styled_picture p preset='original' %}{% endfor %}"
    )
    with assert_styled_queries(1):
        html = page.render(Context({"ps": with_styled(Photo.objects.all(), "original")}))
    assert states_of(html) == ["original"] * 24


def test_heavy_columns_stay_in_the_database(photos, oil):
    make_variant(photos[0], oil, measures={"ssim": 0.5}, error="a long story")
    with assert_styled_queries(2) as counts:
        list(with_styled(Photo.objects.all(), "oil"))
    for column in ("measures", "timings", "error", "source_digest", "style_code"):
        assert column not in counts.sql[1]


def test_rendering_is_fast(photos, oil):
    for photo in photos:
        make_variant(photo, oil)
    loaded = list(with_styled(Photo.objects.all(), "oil"))
    best = min(_seconds(loaded) for _ in range(7))
    assert best <= 0.008, f"{1000 * best:.1f} ms for 24 pictures"


def _seconds(photos: list[Photo]) -> float:
    start = time.process_time()
    PAGE.render(Context({"photos": photos}))
    return time.process_time() - start
