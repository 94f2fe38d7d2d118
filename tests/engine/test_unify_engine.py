from __future__ import annotations

import numpy as np
import pytest

from styletransfer.engine.abilities import EngineSettingsError
from styletransfer.engine.base import EngineError, EngineUnavailableError, PaintRequest
from styletransfer.engine.unify_engine import UnifyEngine
from styletransfer.imaging.masks.base import SubjectMask
from tests.imaging.unify.synthetic import box_mask, product_photo

MASK = box_mask(150, 200, 60, 40, 130, 120)
PHOTO = product_photo(MASK)


class SureMasker:
    name = "sure"

    def mask(self, pixels: np.ndarray) -> SubjectMask:
        return SubjectMask(MASK, 1.0, self.name)


class UnsureMasker:
    name = "unsure"

    def mask(self, pixels: np.ndarray) -> SubjectMask:
        return SubjectMask(MASK, 0.2, self.name)


def engine(masker: str = "SureMasker", **options: object) -> UnifyEngine:
    return UnifyEngine(options={"size": 200, "shadow": "none", **options}, masker=f"{__name__}:{masker}")


def test_every_photo_comes_back_in_the_one_look() -> None:
    first, second = engine().paint([PaintRequest(PHOTO), PaintRequest(PHOTO)])
    assert first.shape == (200, 200, 3)
    assert (first[0] == 255).all()
    np.testing.assert_array_equal(first, second)


def test_an_unsure_mask_cuts_nothing_out() -> None:
    painted = engine("UnsureMasker").paint([PaintRequest(PHOTO)])[0]
    assert painted.shape == (200, 200, 3)
    assert (painted[:25] == 255).all()
    np.testing.assert_allclose(painted[30, 5], painted[170, 195], atol=12)


def test_the_built_in_masker_finds_a_plain_subject() -> None:
    painted = UnifyEngine(options={"size": 200, "shadow": "none"}).paint([PaintRequest(PHOTO)])[0]
    assert (painted[:8] == 255).all()
    assert painted.min() < 120


def test_the_digest_follows_options_and_mask_method() -> None:
    assert engine().digest() == engine().digest()
    assert len({engine().digest(), engine(margin=0.2).digest(), engine("UnsureMasker").digest()}) == 3


def test_wrong_options_and_unknown_maskers_say_so() -> None:
    with pytest.raises(EngineUnavailableError, match="margin"):
        UnifyEngine(options={"margin": 3})
    with pytest.raises(EngineUnavailableError, match="no-such"):
        UnifyEngine(masker="no-such").paint([PaintRequest(PHOTO)])


def test_settings_of_the_request_win_over_the_engines_own() -> None:
    request = PaintRequest(PHOTO, settings={"size": 96, "background": "colour", "colour": "#102030"})
    painted = engine().paint([request])[0]
    assert painted.shape == (96, 96, 3)
    np.testing.assert_array_equal(painted[0, 0], (16, 32, 48))


def test_a_mask_that_is_given_is_used() -> None:
    nothing = PaintRequest(PHOTO, mask=np.zeros_like(MASK))
    given, found = engine().paint([nothing, PaintRequest(PHOTO)])
    assert (given != found).any()


def test_enlarging_is_told() -> None:
    request = PaintRequest(PHOTO, settings={"size": 600})
    engine().paint([request])
    assert request.measures["enlarged"] > 1


def test_reference_pictures_are_the_target_where_the_settings_aim_at_them() -> None:
    dark, light = (np.clip(PHOTO * factor, 0, 255).astype(np.uint8) for factor in (0.5, 1.3))
    settings = {"aim": "references", "strictness": 1.0}
    painted = [
        engine().paint([PaintRequest(PHOTO, engine().style_code([each]), settings=settings)])[0].mean()
        for each in (dark, light)
    ]
    assert painted[0] < painted[1] - 10
    more = settings | {"match_tones": 1.0}
    matched = [
        engine().paint([PaintRequest(PHOTO, engine().style_code([each]), settings=more)])[0].mean()
        for each in (dark, light)
    ]
    assert matched[1] - matched[0] > painted[1] - painted[0] + 2
    with pytest.raises(EngineError, match="Add one"):
        engine().paint([PaintRequest(PHOTO, settings=settings)])


def test_settings_are_checked_by_name_and_range() -> None:
    UnifyEngine.check_settings({"margin": 0.2, "aim": "catalogue", "target": {"exposure": -0.5}})
    for wrong, word in (({"margin": 3}, "margin"), ({"aim": "moon"}, "aim"), ({"nonsense": 1}, "nonsense")):
        with pytest.raises(EngineSettingsError, match=word):
            UnifyEngine.check_settings(wrong)
