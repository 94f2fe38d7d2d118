"""Styles of one's own: mixed from taste, limited in number, listed nowhere, gone with their shopper."""

import numpy as np
import pytest

from styletransfer.models import PersonalStyle, StyledVariant, StylePreset
from styletransfer.personalization import shoppers
from styletransfer.personalization.taste.history import History
from styletransfer.personalization.taste.personal import (
    PersonalStyleError,
    delete_personal_style,
    mix_personal_style,
    taste_point,
    taste_weights,
)
from styletransfer.personalization.taste.profiles import refresh_histories
from tests.personalization.taste.conftest import NOW, code_of


@pytest.fixture
def history(looks):
    history = History(NOW)
    history.add("purchase", looks[0].pk, "", NOW, 30)
    for _ in range(5):
        history.add("view", looks[1].pk, "", NOW, 30)
    history.add("impression", looks[2].pk, "", NOW, 30)
    return history


def test_taste_is_a_point_between_styles(history, looks):
    assert taste_weights(history) == pytest.approx({looks[0].pk: 0.5, looks[1].pk: 0.5})
    assert taste_point(history) == pytest.approx((code_of(0) + code_of(1)) / 2, abs=1e-6)
    assert taste_weights(None) == {}
    assert taste_point(History(NOW)) is None


def test_a_shopper_gets_a_mix_of_what_they_took_to(shopper, looks, log):
    log.add(shopper, "purchase", looks[0])
    log.add(shopper, "view", looks[1])
    log.write()
    refresh_histories(NOW)
    StylePreset.objects.filter(pk=looks[0].pk).update(keep_colours=0.6)
    preset = mix_personal_style(shopper)
    parts = dict(preset.parts.values_list("component__slug", "weight"))
    assert parts == pytest.approx({"oil": 5 / 6, "ink": 1 / 6}, abs=1e-3)
    assert preset.keep_colours == pytest.approx(0.5, abs=1e-3)
    assert preset not in StylePreset.objects.offered()
    assert str(shopper.key) not in preset.slug
    assert mix_personal_style(shopper) == preset  # asking again makes no other


def test_a_taste_for_one_style_alone_is_no_style_of_ones_own(shopper, looks, log):
    log.add(shopper, "purchase", looks[0])
    log.write()
    refresh_histories(NOW)
    with pytest.raises(PersonalStyleError, match=looks[0].name):
        mix_personal_style(shopper)
    assert not PersonalStyle.objects.exists()
    assert mix_personal_style(shopper, {looks[0].pk: 1.0})  # whoever names it may have it


def test_a_quota_holds_and_room_can_be_made(shopper, looks, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLES": 2}
    made = [mix_personal_style(shopper, {looks[place].pk: 1.0}) for place in range(2)]
    with pytest.raises(PersonalStyleError, match="may have 2"):
        mix_personal_style(shopper, {looks[2].pk: 1.0})
    assert delete_personal_style(shopper, made[0].slug)
    assert not delete_personal_style(shopper, made[0].slug)
    mix_personal_style(shopper, {looks[2].pk: 1.0})
    assert StylePreset.objects.filter(personal__isnull=False).count() == 2


@pytest.mark.parametrize("weights", [{}, {-1: 1.0}, {0: 1.0}], ids=str)
def test_only_offered_styles_are_mixed(shopper, looks, weights):
    with pytest.raises(PersonalStyleError, match="offered styles"):
        mix_personal_style(shopper, weights)


@pytest.mark.parametrize("share", [0.0, -1.0, np.nan, np.inf])
def test_shares_are_numbers_above_zero(shopper, looks, share):
    with pytest.raises(PersonalStyleError, match="above 0"):
        mix_personal_style(shopper, {looks[0].pk: share})


def test_without_any_sign_of_taste_it_says_so(shopper, looks):
    with pytest.raises(PersonalStyleError, match="no sign of your taste"):
        mix_personal_style(shopper)


def test_it_goes_with_its_shopper(shopper, looks, make_look):
    preset = mix_personal_style(shopper, {looks[0].pk: 1.0, looks[1].pk: 2.0})
    variant = StyledVariant.objects.filter(preset=looks[0]).get()
    StyledVariant.objects.filter(pk=variant.pk).update(preset=preset)
    shopper.delete()
    assert not PersonalStyle.objects.exists()
    assert not StylePreset.objects.filter(pk=preset.pk).exists()
    assert not StyledVariant.objects.filter(pk=variant.pk).exists()
    assert StylePreset.objects.filter(pk=looks[0].pk).exists()


def test_it_moves_at_login(make_shopper, looks):
    browser, account = make_shopper("personalisation"), make_shopper("personalisation")
    preset = mix_personal_style(browser, {looks[0].pk: 1.0})
    shoppers.merge(browser, account)
    assert PersonalStyle.objects.get().shopper == account
    assert PersonalStyle.objects.get().preset == preset
