"""The port paints what the reference implementation painted."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from styletransfer.engine.painter import Painter, load_painter

GOLDEN = Path(__file__).parent / "data" / "golden.safetensors"


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(GOLDEN)


@pytest.fixture(scope="module")
def painter() -> Painter:
    return load_painter()


@torch.inference_mode()
def test_style_code_equals_the_reference(painter: Painter, golden: dict[str, torch.Tensor]) -> None:
    torch.testing.assert_close(painter.style_code(golden["style"]), golden["code"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_painting_equals_the_reference(painter: Painter, golden: dict[str, torch.Tensor]) -> None:
    painted = painter.paint(golden["photo"], golden["code"])
    torch.testing.assert_close(painted, golden["painted"], atol=1e-4, rtol=0)
