from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from styletransfer.imaging.masking import (
    MASK_SIDE,
    MaskFileError,
    drawn_png,
    fitted,
    from_png,
    method_key,
    shrunk,
    to_png,
)


def png(size: tuple[int, int], mode: str = "L", colour: object = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, "PNG")  # type: ignore[arg-type]
    return buffer.getvalue()


def test_masks_go_through_their_file_unchanged() -> None:
    grey = np.arange(200, dtype=np.uint8).reshape(10, 20)
    np.testing.assert_array_equal(from_png(to_png(grey)), grey)
    np.testing.assert_array_equal(from_png(to_png(grey.astype(np.float32) / 255)), grey)


def test_a_drawing_on_a_transparent_ground_is_its_opacity() -> None:
    image = Image.new("RGBA", (8, 4), (0, 0, 0, 0))
    image.paste((200, 10, 10, 255), (0, 0, 4, 4))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    grey = from_png(drawn_png(buffer.getvalue(), 10_000))
    assert (grey[:, :4] == 255).all()
    assert (grey[:, 4:] == 0).all()


def test_large_drawings_are_made_small() -> None:
    assert max(from_png(drawn_png(png((2000, 500)), 100_000)).shape) == MASK_SIDE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GIF89a", "no whole PNG"),
        (png((10, 10))[:40], "no whole PNG"),
        (png((3000, 10)), "3000 x 10"),
        (png((500, 500)), "at most 300"),
    ],
)
def test_what_is_no_drawing_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(MaskFileError, match=reason):
        drawn_png(data, 300)


@pytest.mark.parametrize("size", [(40, 60), (80, 120), (200, 300)])
def test_masks_fit_pictures_of_any_size(size: tuple[int, int]) -> None:
    mask = np.zeros((80, 120), np.uint8)
    mask[:, 60:] = 255
    picture = np.full((*size, 3), 240, np.uint8)
    picture[:, size[1] // 2 :] = 20
    alpha = fitted(mask, picture)
    assert alpha.shape == size
    assert alpha.dtype == np.float32
    assert alpha[:, : size[1] // 2 - 3].max() < 0.1
    assert alpha[:, size[1] // 2 + 3 :].min() > 0.9


def test_the_copy_masks_are_found_on_has_a_fixed_size() -> None:
    assert shrunk(np.zeros((3000, 1500, 3), np.uint8)).shape == (1024, 512, 3)
    small = np.zeros((30, 20, 3), np.uint8)
    assert shrunk(small) is small


def test_the_key_tells_methods_and_options_apart() -> None:
    keys = {method_key("border"), method_key("onnx"), method_key("onnx", {"model_path": "a"})}
    assert len(keys) == 3
