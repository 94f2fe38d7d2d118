"""Saving and resuming a run, and writing the weights that the engine reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from styletransfer.training.config import TrainingConfig

ARCHITECTURE = "painter-1"


class CheckpointError(Exception):
    """The checkpoint cannot be resumed; the text says why."""


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps: its configuration, the steps and seconds behind it, and every state."""

    config: TrainingConfig
    step: int
    seconds: float
    states: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; whoever reads ``path`` sees the old one or the new one, never a part."""
    contents = {
        "config": checkpoint.config.as_mapping(),
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "states": checkpoint.states,
    }
    partial = path.with_suffix(".part")
    torch.save(contents, partial)
    partial.replace(path)


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """Read a checkpoint; tensors only, nothing in the file is executed.

    Raises:
        CheckpointError: no such file, or it is no checkpoint of this program.
    """
    try:
        contents = torch.load(path, map_location=device, weights_only=True)
        config = TrainingConfig.from_mapping(contents["config"])
        return Checkpoint(config, int(contents["step"]), float(contents["seconds"]), contents["states"])
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint {path}.") from error
    except Exception as error:  # torch raises whatever the damaged part makes it raise
        raise CheckpointError(f"{path} is no checkpoint that can be resumed: {error}") from error


def export_weights(painter: nn.Module, path: Path) -> str:
    """Write a painter's weights as float16 safetensors with their manifest; returns the sha256 (hex)."""
    tensors: dict[str, Tensor] = {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in painter.state_dict().items()
    }
    contents = save(tensors)
    digest = hashlib.sha256(contents).hexdigest()
    path.write_bytes(contents)
    manifest = {"architecture": ARCHITECTURE, "file": path.name, "sha256": digest}
    path.with_suffix(".json").write_text(json.dumps(manifest, indent=2) + "\n")
    return digest
