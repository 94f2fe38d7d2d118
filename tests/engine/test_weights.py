"""Weights are found, checked by digest and never unpickled."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.engine.painter import load_painter
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.engine.weights import SHIPPED_WEIGHTS, WeightsFile, find_weights, load_weights


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(SHIPPED_WEIGHTS, tmp_path)
    shutil.copy(SHIPPED_WEIGHTS.with_suffix(".json"), tmp_path)
    return tmp_path / SHIPPED_WEIGHTS.name


def test_manifest_and_shipped_file_agree() -> None:
    assert find_weights().sha256 == hashlib.sha256(SHIPPED_WEIGHTS.read_bytes()).hexdigest()


def test_a_tampered_file_is_refused(copy: Path) -> None:
    contents = bytearray(copy.read_bytes())
    contents[-1] ^= 1
    copy.write_bytes(contents)
    with pytest.raises(EngineUnavailableError, match="sha256"):
        load_painter(copy)


def test_a_file_without_manifest_is_hashed(copy: Path) -> None:
    stated = find_weights(copy)
    copy.with_suffix(".json").unlink()
    assert find_weights(copy) == stated


def test_digest_follows_the_weights(copy: Path) -> None:
    before = PainterEngine(weights=copy).digest()
    assert before == PainterEngine().digest()
    copy.with_suffix(".json").write_text(json.dumps({"sha256": "0" * 64}))
    assert PainterEngine(weights=copy).digest() != before


@pytest.mark.parametrize("manifest", ["{", "{}", "[]"])
def test_an_unreadable_manifest_is_refused(copy: Path, manifest: str) -> None:
    copy.with_suffix(".json").write_text(manifest)
    with pytest.raises(EngineUnavailableError, match="manifest"):
        find_weights(copy)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"absent\.safetensors"):
        find_weights(tmp_path / "absent.safetensors")


def test_pickles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(EngineUnavailableError, match="safetensors"):
        find_weights(tmp_path / "weights.pt")


def test_damage_is_told_apart_from_another_digest(tmp_path: Path) -> None:
    file = tmp_path / "broken.safetensors"
    file.write_bytes(b"no tensors here, whatever the name says")
    with pytest.raises(EngineUnavailableError, match="damaged"):
        load_weights(find_weights(file))


def test_another_architecture_is_named(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"weight": np.zeros(3)}, file)
    with pytest.raises(EngineUnavailableError, match="architecture"):
        load_painter(file)


def test_weights_are_read_as_float32() -> None:
    tensors = load_weights(WeightsFile(SHIPPED_WEIGHTS, find_weights().sha256))
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"torch.float32"}
