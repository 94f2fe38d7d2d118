"""A week of made-up shoppers: what they do is learned, and two of different taste see different looks."""

import pytest
from django.core.management import CommandError, call_command

from shop.catalogue_loader import load_catalogue
from shop.models import Product, ProductImage
from shop.simulation import NAMED, named_shopper
from styletransfer import products, sources
from styletransfer.models import Shopper, StyleEvent, StylePreset, StyleTaste
from styletransfer.personalization.taste.history import History
from styletransfer.personalization.taste.snapshots import live_snapshot, policy_of
from tests.shop.calendar import one_day
from tests.shop.painted import make_presets, paint

__all__ = ["one_day"]


@pytest.fixture
def painted_store(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STYLETRANSFER = {
        **settings.STYLETRANSFER,
        "TASTE_EFFECTIVE_SIZE": 200,
        "TASTE_BUDGET": 0.75,
        "TASTE_FLOOR": 0.001,
    }
    sources.register(ProductImage, image="image", product="product", alt="alt")
    products.register(Product, category="category__slug", photo="main_photo")
    load_catalogue()
    photo = ProductImage.objects.order_by("pk").first()
    for preset in make_presets():
        paint(photo, preset)
    yield
    products.unregister(Product)
    sources.unregister(ProductImage)


@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.usefixtures("painted_store", "one_day")
def test_two_shoppers_end_up_with_their_own_looks(capsys):
    call_command("simulate_shoppers", shoppers=60, days=4, visits=1)
    said = capsys.readouterr().out
    assert "the evidence suffices" in said, said
    # The draw itself may explore; what it is drawn from may not be in doubt.
    live = live_snapshot()
    policy = policy_of(live.pk, live.digest)
    liked = StylePreset.objects.order_by("pk")
    for name, look in zip(NAMED, liked, strict=False):
        history = History.from_json(StyleTaste.objects.get(shopper=named_shopper(name)).history)
        chosen = policy.probabilities_for(history, "phone")
        assert chosen[policy.space.styles.index(look.pk)] > 0.6, said
    call_command("simulate_shoppers", clear=True)
    assert not Shopper.objects.exists()
    assert not StyleEvent.objects.exists()


@pytest.mark.django_db
def test_without_paintings_it_says_what_to_do():
    with pytest.raises(CommandError, match=r"manage\.py demo"):
        call_command("simulate_shoppers")
