from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.masks.base import (
    MaskerUnavailableError,
    SubjectMask,
    create_masker,
    drawn_mask,
)


def test_a_mask_checks_itself():
    with pytest.raises(ValueError, match="float32"):
        SubjectMask(np.zeros((4, 4)), 1.0, "drawn")
    with pytest.raises(ValueError, match="confidence"):
        SubjectMask(np.zeros((4, 4), np.float32), 1.1, "drawn")


def test_confidence_decides_what_is_reliable():
    alpha = np.eye(4, dtype=np.float32)
    assert SubjectMask(alpha, 0.9, "border").is_reliable
    assert not SubjectMask(alpha, 0.1, "border").is_reliable
    assert SubjectMask(alpha, 0.1, "border").coverage == 0.25


def test_unknown_names_list_the_known_ones():
    with pytest.raises(MaskerUnavailableError, match="border, onnx, rembg"):
        create_masker("magic")


def test_a_path_may_stand_for_a_name():
    assert create_masker("styletransfer.imaging.masks.border:BorderMasker").name == "border"
    with pytest.raises(MaskerUnavailableError, match="no_such_module"):
        create_masker("no_such_module:Masker")


def test_without_opencv_the_error_says_what_to_install(monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.startswith("styletransfer.imaging.masks.")]:
        if not name.endswith(".base"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MaskerUnavailableError, match=r"pip install 'django-styletransfer\[masks\]'"):
        create_masker("border")


def test_a_drawn_mask_is_scaled_to_the_photo():
    drawn = np.zeros((10, 20), np.uint8)
    drawn[:, 10:] = 255
    found = drawn_mask(drawn, 100, 200)
    assert found.alpha.shape == (100, 200)
    assert found.alpha[50, 20] == 0
    assert found.alpha[50, 180] == 1
    assert (found.method, found.confidence) == ("drawn", 1.0)
