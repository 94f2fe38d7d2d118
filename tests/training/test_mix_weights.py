"""Weights averaged by share, and what is wrong said in words."""

from pathlib import Path

import pytest
import torch

from styletransfer.engine.painter import Painter, load_painter
from styletransfer.training.checkpoints import export_weights
from styletransfer.training.mix_weights import main


@pytest.fixture
def uniform(tmp_path: Path):
    """Writes a painter whose weights all have one value."""

    def write(value: float) -> str:
        painter = Painter()
        for parameter in painter.parameters():
            parameter.data.fill_(value)
        path = tmp_path / f"of_{value}.safetensors"
        export_weights(painter, path)
        return str(path)

    return write


def test_shares_weigh_the_weights(uniform, tmp_path: Path) -> None:
    out = tmp_path / "mixed.safetensors"
    assert main([str(out), f"{uniform(1.0)}=3", f"{uniform(0.0)}=1"]) == 0
    for value in load_painter(out).state_dict().values():
        torch.testing.assert_close(value, torch.full_like(value, 0.75))


@pytest.mark.parametrize("part", ["missing.safetensors=1", "shipped=0", "shipped=much", "shipped"])
def test_what_is_wrong_is_said(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mixed.safetensors"
    assert main([str(out), part]) == 2
    assert capsys.readouterr().err.strip()
    assert not out.exists()
