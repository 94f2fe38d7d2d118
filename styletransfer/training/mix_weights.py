"""Averages painters that share an ancestor: often better than each, and a dial between two that traded.

    python -m styletransfer.training.mix_weights mixed.safetensors one.safetensors=0.6 other.safetensors=0.4

Networks fine-tuned from one start lie in one basin, so that the mean of their weights is a network as good
(Wortsman et al., "Model soups", 2022, https://arxiv.org/abs/2203.05482). ``shipped`` names the shipped
weights. Judge the result as any other with ``python -m styletransfer.training.evaluate``.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.engine.painter import Painter, load_painter
from styletransfer.training.checkpoints import export_weights


def mixed(parts: Mapping[str, float]) -> Painter:
    """The painter whose every weight is the mean of others', weighted by their shares.

    Args:
        parts: file, or "shipped", to share; shares are divided by their sum.

    Raises:
        EngineUnavailableError: a file is missing, damaged or of another architecture.
        ValueError: no parts, or a share that is no number above 0.
    """
    if not parts or not all(math.isfinite(share) and share > 0 for share in parts.values()):
        raise ValueError("Name one or more weights, each with a share above 0: FILE=SHARE.")
    total = sum(parts.values())
    states = [
        (load_painter(None if name == "shipped" else name).state_dict(), share / total)
        for name, share in parts.items()
    ]
    painter = Painter()
    with torch.no_grad():
        painter.load_state_dict(
            {name: sum(share * state[name] for state, share in states) for name in painter.state_dict()}
        )
    return painter


def main(arguments: list[str] | None = None) -> int:
    """Write the mixed weights; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="The .safetensors file to write.")
    parser.add_argument("parts", nargs="+", metavar="FILE=SHARE")
    options = parser.parse_args(arguments)
    try:
        parts = {name: float(share) for name, _, share in (part.rpartition("=") for part in options.parts)}
        painter = mixed(parts)
    except (EngineUnavailableError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{options.out} {export_weights(painter, options.out)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
