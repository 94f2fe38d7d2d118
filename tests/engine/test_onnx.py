"""The exported painter paints what torch paints, and its controls are the same ones on arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from styletransfer.engine import array_controls, controls
from styletransfer.engine.array_alpha import opaque
from styletransfer.engine.base import EngineError, EngineUnavailableError, PaintOptions, PaintRequest
from styletransfer.engine.onnx_engine import OnnxEngine
from tests.engine.conftest import studio_photo

runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from styletransfer.engine.onnx_export import TOLERANCE, export_painter

    folder = tmp_path_factory.mktemp("onnx")
    assert export_painter(folder) <= TOLERANCE
    return folder


@pytest.fixture(scope="module")
def onnx_engine(exported: Path) -> OnnxEngine:
    return OnnxEngine(folder=exported)


def test_the_manifest_states_opset_and_digests(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["opset"] == 18
    assert len(manifest["painter"]) == len(manifest["style_encoder"]) == len(manifest["weights"]) == 64


@pytest.mark.parametrize("options", [PaintOptions(), PaintOptions(0.5, 0.4, 0.9), PaintOptions(strength=0.1)])
def test_it_paints_what_the_painter_paints(
    engine, onnx_engine: OnnxEngine, code, options: PaintOptions
) -> None:
    request = PaintRequest(studio_photo(98, 130), code, options)
    ours, theirs = (each.paint([request])[0].astype(int) for each in (onnx_engine, engine))
    difference = np.abs(ours - theirs)
    assert ours.shape == (98, 130, 3)
    assert difference.mean() < 0.35
    assert np.percentile(difference, 99.5) <= 4


def test_large_photos_are_measured_small_here_too(engine, onnx_engine: OnnxEngine, code) -> None:
    request = PaintRequest(studio_photo(160, 500), code)
    ours, theirs = (each.paint([request])[0].astype(int) for each in (onnx_engine, engine))
    assert np.abs(ours - theirs).mean() < 0.5


def test_codes_are_the_painters(engine, onnx_engine: OnnxEngine) -> None:
    references = [studio_photo(420, 300), studio_photo(64, 80)[:, ::-1]]
    np.testing.assert_allclose(onnx_engine.style_code(references), engine.style_code(references), atol=0.02)


def test_alpha_is_carried_round(onnx_engine: OnnxEngine, code) -> None:
    alpha = np.zeros((64, 64, 1), np.uint8)
    alpha[16:48, 16:48] = 255
    photo = np.concatenate((studio_photo(64, 64), alpha), 2)
    painted = onnx_engine.paint([PaintRequest(photo, code)])[0]
    np.testing.assert_array_equal(painted[..., 3:], alpha)


def test_what_it_cannot_do_is_refused(onnx_engine: OnnxEngine, exported: Path, code) -> None:
    photo = studio_photo(64, 64)
    with pytest.raises(EngineError, match="statistics of a subject"):
        onnx_engine.paint([PaintRequest(photo, code, PaintOptions(statistics="subject"))])
    with pytest.raises(EngineError, match="megapixels"):
        OnnxEngine(folder=exported, largest_pixels=1000).paint([PaintRequest(photo, code)])
    with pytest.raises(EngineError, match="style code"):
        onnx_engine.paint([PaintRequest(photo)])


def test_damaged_graphs_are_refused(exported: Path, tmp_path: Path, code) -> None:
    for name in ("manifest.json", "style_encoder.onnx"):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    (tmp_path / "painter.onnx").write_bytes(b"something else")
    with pytest.raises(EngineUnavailableError, match="not the file its manifest describes"):
        OnnxEngine(folder=tmp_path).paint([PaintRequest(studio_photo(64, 64), code)])


def test_without_an_export_the_engine_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="export_onnx"):
        OnnxEngine().digest()
    with pytest.raises(EngineUnavailableError, match="export_onnx"):
        OnnxEngine(folder=tmp_path).digest()


def painted_like(photo: np.ndarray) -> np.ndarray:
    """Something blotchy, with other colours."""
    y, x = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]]
    waves = 30 * np.sin(y / 9) * np.cos(x / 7)
    return np.clip(photo[..., ::-1] * 0.7 + 30 + waves[..., None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "options",
    [PaintOptions(calm=1), PaintOptions(keep_colours=0.6), PaintOptions(0.08), PaintOptions(0.1, 0.3, 0.7)],
)
def test_controls_on_arrays_are_those_on_tensors(options: PaintOptions) -> None:
    photo = studio_photo(300, 212)
    painted = painted_like(photo)
    tensors = [torch.from_numpy(each).permute(2, 0, 1)[None] for each in (photo, painted)]
    wanted = controls.apply_controls(*tensors, controls.Amounts.of([options]))[0].permute(1, 2, 0).numpy()
    found = array_controls.apply_controls(photo, painted, options)
    difference = np.abs(found.astype(int) - wanted)
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99.5) <= 6
    assert np.abs(found.astype(int) - painted).mean() > 2


def test_transparent_areas_continue_their_edges() -> None:
    pixels = np.zeros((80, 80, 4), np.uint8)
    pixels[20:60, 20:60] = (200, 40, 30, 255)
    filled = opaque(pixels)
    assert np.abs(filled[15:20, 30:50].astype(int) - (200, 40, 30)).max() < 12
    np.testing.assert_array_equal(filled[25:55, 25:55], pixels[25:55, 25:55, :3])
