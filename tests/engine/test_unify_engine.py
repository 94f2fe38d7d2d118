from __future__ import annotations

import numpy as np
import pytest

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


def test_there_are_no_style_codes() -> None:
    with pytest.raises(EngineError, match="no style code"):
        engine().style_code([PHOTO])
    assert not UnifyEngine.uses_style_code
