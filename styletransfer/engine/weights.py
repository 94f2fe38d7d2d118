"""Finding, checking and reading the painter's weights: safetensors only, never pickle, digest first."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from styletransfer.engine.base import EngineUnavailableError

if TYPE_CHECKING:
    import torch

SHIPPED_WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "painter.safetensors"


@dataclass(frozen=True)
class WeightsFile:
    """A weights file and the sha256 (hex) that its contents must have."""

    path: Path
    sha256: str


def find_weights(path: str | Path | None = None) -> WeightsFile:
    """The weights at ``path``, or the shipped ones.

    A file ``name.json`` beside ``name.safetensors`` is its manifest and states the expected sha256; without
    one, the file is hashed. Needs neither torch nor safetensors.

    Raises:
        EngineUnavailableError: no such file, another format, or an unreadable manifest.
    """
    weights = Path(path) if path is not None else SHIPPED_WEIGHTS
    if weights.suffix != ".safetensors":
        raise EngineUnavailableError(f"Weights must be a .safetensors file, not {weights.name!r}.")
    if not weights.is_file():
        raise EngineUnavailableError(
            f"No weights at {weights}. Reinstall django-styletransfer or correct the path."
        )
    manifest = weights.with_suffix(".json")
    if not manifest.is_file():
        return WeightsFile(weights, file_sha256(weights, weights.stat().st_mtime_ns))
    try:
        return WeightsFile(weights, str(json.loads(manifest.read_text())["sha256"]))
    except (ValueError, KeyError, TypeError) as error:
        raise EngineUnavailableError(f"The manifest {manifest} states no sha256.") from error


@cache
def file_sha256(path: Path, modified_ns: int) -> str:
    """Sha256 (hex) of the file at ``path``, read once for each modification time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_weights(weights: WeightsFile) -> dict[str, torch.Tensor]:
    """Named tensors of ``weights``, in float32.

    Raises:
        EngineUnavailableError: the file's contents do not have the expected digest, or it is damaged.
    """
    from safetensors import SafetensorError  # noqa: PLC0415 - digests work without the package
    from safetensors.torch import load  # noqa: PLC0415

    contents = weights.path.read_bytes()
    if hashlib.sha256(contents).hexdigest() != weights.sha256:
        raise EngineUnavailableError(
            f"{weights.path} is not the file its manifest describes (sha256 differs). "
            "Reinstall django-styletransfer, or correct the manifest if you trained these weights."
        )
    try:
        return {name: tensor.float() for name, tensor in load(contents).items()}
    except SafetensorError as error:
        raise EngineUnavailableError(f"{weights.path} is damaged: {error}") from error
