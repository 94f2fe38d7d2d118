from __future__ import annotations

import builtins
import importlib
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from styletransfer.imaging.masks.adapters import OnnxMasker, RembgMasker, certainty
from styletransfer.imaging.masks.base import MaskerUnavailableError, create_masker


def redness_model(path, side=32, channels=3):
    """A model file whose output is the normalised red channel: 1 x 1 x side x side."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto
    weights = np.zeros((1, channels, 1, 1), np.float32)
    weights[0, 0] = 1
    graph = helper.make_graph(
        [helper.make_node("Conv", ["picture", "weights"], ["alpha"])],
        "redness",
        [helper.make_tensor_value_info("picture", kind.FLOAT, [1, channels, side, side])],
        [helper.make_tensor_value_info("alpha", kind.FLOAT, [1, 1, side, side])],
        [helper.make_tensor("weights", kind.FLOAT, weights.shape, weights.ravel())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def picture():
    pixels = np.zeros((90, 120, 3), np.uint8)
    pixels[30:60, 30:90, 0] = 255
    return pixels


def test_an_onnx_file_gives_the_mask(tmp_path, picture):
    path = redness_model(tmp_path / "model.onnx")
    masker = create_masker("onnx", model_path=path, mean=(0, 0, 0), deviation=(1, 1, 1))
    found = masker.mask(picture)
    assert found.alpha.shape == (90, 120)
    assert found.method == "onnx"
    assert found.alpha[45, 60] > 0.95
    assert found.alpha[5, 5] < 0.05
    assert found.confidence > 0.4


def test_options_reach_the_model(tmp_path, picture):
    path = redness_model(tmp_path / "model.onnx")
    # (1 - 0.5) / 0.1 = 5 inside and -5 outside: logits.
    masker = OnnxMasker(path, mean=(0.5,) * 3, deviation=(0.1,) * 3, sigmoid=True)
    alpha = masker.mask(picture).alpha
    assert alpha[45, 60] == pytest.approx(0.993, abs=0.01)
    assert alpha[5, 5] == pytest.approx(0.007, abs=0.01)
    stretched = OnnxMasker(path, mean=(0, 0, 0), deviation=(4, 4, 4), stretch=True).mask(picture).alpha
    assert stretched[45, 60] > 0.95


def test_an_open_input_size_takes_the_option(tmp_path, picture):
    path = redness_model(tmp_path / "model.onnx", side="side")
    masker = OnnxMasker(path, side=48, mean=(0, 0, 0), deviation=(1, 1, 1))
    assert masker.mask(picture).alpha[45, 60] > 0.95


def test_transparency_needs_no_model(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    assert OnnxMasker(tmp_path / "missing.onnx").mask(pixels).method == "alpha"
    assert RembgMasker(tmp_path / "missing.onnx").mask(pixels).method == "alpha"


@pytest.mark.parametrize("kind", [OnnxMasker, RembgMasker])
def test_a_missing_file_is_never_downloaded(tmp_path, picture, kind):
    with pytest.raises(MaskerUnavailableError, match="no model file"):
        kind(tmp_path / "u2net.onnx").mask(picture)


def test_a_broken_file_is_named(tmp_path, picture):
    pytest.importorskip("onnxruntime")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(MaskerUnavailableError, match=r"broken\.onnx"):
        OnnxMasker(broken).mask(picture)


def test_a_model_of_another_kind_is_refused(tmp_path, picture):
    path = redness_model(tmp_path / "model.onnx", channels=5)
    with pytest.raises(MaskerUnavailableError, match="shape"):
        OnnxMasker(path).mask(picture)


def test_missing_packages_come_with_the_command(tmp_path, picture, monkeypatch):
    (tmp_path / "u2net.onnx").write_bytes(b"")
    for package in ("onnxruntime", "rembg"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MaskerUnavailableError, match="pip install onnxruntime"):
        OnnxMasker(tmp_path / "u2net.onnx").mask(picture)
    with pytest.raises(MaskerUnavailableError, match="pip install 'rembg"):
        RembgMasker(tmp_path / "u2net.onnx").mask(picture)


def test_rembg_gets_one_session_and_the_local_file(tmp_path, picture, monkeypatch):
    """With a stand-in for the package, which is not installed where the tests run."""
    made = []

    class U2Net:
        def __init__(self, model_name, options):
            made.append((model_name, self.download_models()))

        @classmethod
        def name(cls):
            return "u2net"

        @classmethod
        def download_models(cls, *args, **kwargs):
            raise AssertionError("a download was tried")

    package, sessions = ModuleType("rembg"), ModuleType("rembg.sessions")
    sessions.sessions_class = [U2Net]
    package.remove = lambda image, session, only_mask, alpha_matting: image.getchannel("R")
    runtime = SimpleNamespace(SessionOptions=object)
    for name, module in (("rembg", package), ("rembg.sessions", sessions), ("onnxruntime", runtime)):
        monkeypatch.setitem(sys.modules, name, module)
    path = tmp_path / "u2net.onnx"
    path.write_bytes(b"weights")
    masker = RembgMasker(path)
    assert masker.mask(picture).alpha[45, 60] == 1
    masker.mask(picture)
    assert made == [("u2net", str(path))]
    other = tmp_path / "other.onnx"
    other.write_bytes(b"weights")
    with pytest.raises(MaskerUnavailableError, match="It knows: u2net"):
        RembgMasker(other).mask(picture)


def test_certainty():
    sharp = np.zeros((40, 40), np.float32)
    sharp[10:30, 10:30] = 1
    assert certainty(sharp) == 1
    assert certainty(np.full((40, 40), 0.6, np.float32)) < 0.2
    assert certainty(np.zeros((40, 40), np.float32)) < 0.2


def test_nothing_heavy_is_imported_early(monkeypatch):
    wanted = []
    real = builtins.__import__

    def watch(name, *args, **kwargs):
        wanted.append(name.partition(".")[0])
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "styletransfer.imaging.masks.adapters")
    monkeypatch.setattr(builtins, "__import__", watch)
    importlib.import_module("styletransfer.imaging.masks.adapters")
    assert not {"onnxruntime", "rembg", "torch"} & set(wanted)
