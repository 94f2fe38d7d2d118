"""The engine's contract: arrays in, arrays out, whatever their shapes and options."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from styletransfer.engine.base import (
    EngineError,
    EngineUnavailableError,
    OutOfMemoryError,
    PaintOptions,
    PaintRequest,
    StyleCode,
)
from styletransfer.engine.codes import mix_codes
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.engine.painting import PaintingSession
from styletransfer.engine.registry import BUILT_IN, create_engine
from tests.engine.conftest import noise_photo


def test_a_mixed_list_returns_in_order_and_equals_single_paintings(
    engine: PainterEngine, code: StyleCode
) -> None:
    requests = [
        PaintRequest(noise_photo(64, 48, seed=1), code),
        PaintRequest(noise_photo(40, 40, seed=2), -code, PaintOptions(keep_colours=0.5)),
        PaintRequest(noise_photo(64, 48, seed=3), -code, PaintOptions(strength=0.6)),
        PaintRequest(noise_photo(64, 48, seed=4), code, PaintOptions(strength=0)),
    ]
    together = engine.paint(requests)
    for request, painted in zip(requests, together, strict=True):
        assert painted.shape == request.photo.shape
        np.testing.assert_array_equal(painted, engine.paint([request])[0])


def test_a_batch_in_one_pass_equals_single_paintings(engine: PainterEngine, code: StyleCode) -> None:
    requests = [PaintRequest(noise_photo(48, 64, seed=i), code * (1 - i)) for i in range(3)]
    single = [engine.paint([request])[0].astype(int) for request in requests]
    session = PaintingSession(None, "cpu", "fp32", 10**7, 1024)
    session.batch_pixels = 10**7
    for one, many in zip(single, session.paint(requests), strict=True):
        assert abs(one - many).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 31), (17, 64), (33, 18), (101, 67), (64, 65)])
def test_any_size_from_16_px(engine: PainterEngine, code: StyleCode, height: int, width: int) -> None:
    painted = engine.paint([PaintRequest(noise_photo(height, width), code)])[0]
    assert painted.shape == (height, width, 3)
    assert painted.dtype == np.uint8
    assert painted.std() > 5


def test_strength_0_returns_the_photos_own_pixels(engine: PainterEngine, code: StyleCode) -> None:
    photo = noise_photo(50, 40, channels=4)
    options = PaintOptions(strength=0, keep_colours=1, calm=1, detail=1)
    np.testing.assert_array_equal(engine.paint([PaintRequest(photo, code, options)])[0], photo)


def test_more_strength_goes_further_from_the_photo(engine: PainterEngine, code: StyleCode) -> None:
    photo = noise_photo(96, 96)
    strengths = (0, 0.05, 0.15, 0.4, 0.7, 1)
    paintings = engine.paint([PaintRequest(photo, code, PaintOptions(strength=s)) for s in strengths])
    full = paintings[-1].astype(float)
    to_photo = [np.abs(painted.astype(float) - photo).mean() for painted in paintings]
    to_full = [np.abs(painted.astype(float) - full).mean() for painted in paintings]
    assert to_photo[:3] == sorted(to_photo[:3])
    assert to_full == sorted(to_full, reverse=True)


def test_a_mix_of_codes_lies_between_them(engine: PainterEngine, code: StyleCode) -> None:
    other = engine.style_code([noise_photo(128, 128, seed=9)])
    photo = noise_photo(64, 64)
    codes = [code, mix_codes([code, other], [3, 1]), mix_codes([code, other]), other]
    first, near, middle, last = (
        painted.astype(float) for painted in engine.paint([PaintRequest(photo, c) for c in codes])
    )
    assert 0 < np.abs(near - first).mean() < np.abs(middle - first).mean() < np.abs(last - first).mean()


@pytest.mark.parametrize("weights", [[1], [-1, 2], [0, 0]])
def test_mixes_that_are_not_convex_are_refused(code: StyleCode, weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        mix_codes([code, code], weights)


def test_the_code_of_several_references_is_their_mean(engine: PainterEngine) -> None:
    one, two = noise_photo(96, 128, seed=1), noise_photo(130, 90, seed=2)
    mean = (engine.style_code([one]) + engine.style_code([two])) / 2
    np.testing.assert_allclose(engine.style_code([one, two]), mean, atol=1e-5)
    assert engine.style_code([one]).shape == (128,)


def test_alpha_is_carried_round_the_painter(engine: PainterEngine, code: StyleCode) -> None:
    photo = noise_photo(72, 90, channels=4)
    photo[:, :45, 3] = 0
    painted = engine.paint([PaintRequest(photo, code)])[0]
    np.testing.assert_array_equal(painted[..., 3], photo[..., 3])
    assert (painted[..., :3] != photo[..., :3]).any()


def test_colours_hidden_by_transparency_do_not_show(engine: PainterEngine, code: StyleCode) -> None:
    photo = noise_photo(64, 64, channels=4)
    photo[..., 3] = 255
    photo[:, :20, 3] = 0
    other = photo.copy()
    other[:, :20, :3] = (0, 255, 0)
    first, second = engine.paint([PaintRequest(photo, code), PaintRequest(other, code)])
    np.testing.assert_array_equal(first[:, 20:], second[:, 20:])


def test_opaque_rgba_paints_as_rgb(engine: PainterEngine, code: StyleCode) -> None:
    photo = noise_photo(40, 40)
    opaque = np.dstack((photo, np.full((40, 40), 255, np.uint8)))
    plain, alpha = engine.paint([PaintRequest(photo, code), PaintRequest(opaque, code)])
    np.testing.assert_array_equal(plain, alpha[..., :3])


def test_large_pictures_are_painted_in_tiles(code: StyleCode) -> None:
    photo = noise_photo(200, 260)
    whole = PainterEngine(device="cpu", precision="fp32").paint([PaintRequest(photo, code)])[0]
    tiled = PainterEngine(device="cpu", precision="fp32", whole_pixels=45_000, tile_side=128)
    painted = tiled.paint([PaintRequest(photo, code)])[0]
    assert painted.shape == photo.shape
    assert np.abs(painted.astype(int) - whole).mean() < 20


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        (np.zeros((15, 40, 3), np.uint8), "16 px"),
        (np.zeros((40, 40), np.uint8), "RGB"),
        (np.zeros((40, 40, 3), np.float32), "uint8"),
    ],
)
def test_pictures_it_cannot_paint_are_refused(
    engine: PainterEngine, code: StyleCode, photo: np.ndarray, message: str
) -> None:
    with pytest.raises(EngineError, match=message):
        engine.paint([PaintRequest(photo, code)])
    with pytest.raises(EngineError, match=message):
        engine.style_code([photo])


@pytest.mark.parametrize("bad", [None, np.zeros(3, np.float32), np.full(128, np.nan, np.float32)])
def test_missing_or_broken_codes_are_refused(engine: PainterEngine, bad: StyleCode | None) -> None:
    with pytest.raises(EngineError, match="style code"):
        engine.paint([PaintRequest(noise_photo(32, 32), bad)])


def test_no_reference_is_refused(engine: PainterEngine) -> None:
    with pytest.raises(EngineError, match="reference"):
        engine.style_code([])


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_is_told_apart(
    code: StyleCode, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    engine = PainterEngine(device="cpu")
    session = engine._painting()

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(session.painter, "paint", fail)
    with pytest.raises(OutOfMemoryError):
        engine.paint([PaintRequest(noise_photo(32, 32), code)])


@pytest.mark.parametrize("options", [{"device": "cuda:99"}, {"device": "abacus"}, {"precision": "int3"}])
def test_devices_and_precisions_that_are_not_there(options: dict[str, str], code: StyleCode) -> None:
    with pytest.raises(EngineUnavailableError):
        PainterEngine(**options).paint([PaintRequest(noise_photo(32, 32), code)])


def test_the_registry_finds_it() -> None:
    assert isinstance(create_engine(BUILT_IN["painter"], device="cpu"), PainterEngine)


WITHOUT_TORCH = """
import sys
sys.modules.update(torch=None, safetensors=None)
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.engine.painter_engine import PainterEngine
import numpy as np
engine = PainterEngine()
print(engine.digest())
try:
    engine.style_code([np.zeros((32, 32, 3), np.uint8)])
except EngineUnavailableError as error:
    print(error)
"""


def test_without_torch_it_has_a_digest_and_says_what_to_install() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    digest, message = run.stdout.splitlines()
    assert digest == PainterEngine().digest()
    assert 'pip install "django-styletransfer[painter]"' in message


def test_importing_the_engine_imports_no_torch() -> None:
    check = (
        "import sys; from styletransfer.engine.painter_engine import PainterEngine; "
        "PainterEngine().digest(); print('torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", check],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert run.stdout.strip() == "False"
