"""The port paints what the reference implementation painted."""

import pytest
import torch
from safetensors.torch import load_file

from styletransfer.engine.painter import Painter, load_painter
from tests.engine.conftest import DATA

TRAINING_MARGIN = 16


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(DATA / "golden.safetensors")


@pytest.fixture(scope="module")
def painter() -> Painter:
    return load_painter(margin=TRAINING_MARGIN)


@torch.inference_mode()
def test_style_code_equals_the_reference(painter: Painter, golden: dict[str, torch.Tensor]) -> None:
    torch.testing.assert_close(painter.style_code(golden["style"]), golden["code"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_painting_equals_the_reference(painter: Painter, golden: dict[str, torch.Tensor]) -> None:
    painted = painter.paint(golden["photo"], golden["code"])
    torch.testing.assert_close(painted, golden["painted"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_bf16_stays_within_40_db_of_the_reference(golden: dict[str, torch.Tensor]) -> None:
    painter = load_painter(margin=TRAINING_MARGIN, dtype=torch.bfloat16)
    error = (painter.paint(golden["photo"], golden["code"]) - golden["painted"]).square().mean()
    assert -10 * error.log10() >= 40
