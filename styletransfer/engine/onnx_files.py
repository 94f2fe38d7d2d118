"""The files of an exported painter: two ONNX graphs and a manifest with their digests."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from styletransfer.engine.base import EngineUnavailableError

PAINTER_FILE = "painter.onnx"
STYLE_ENCODER_FILE = "style_encoder.onnx"
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class OnnxManifest:
    """What a folder of exported graphs holds.

    Attributes:
        opset: ONNX operator set version.
        weights: sha256 (hex) of the weights that were exported.
        painter: sha256 of ``painter.onnx``.
        style_encoder: sha256 of ``style_encoder.onnx``.
    """

    opset: int
    weights: str
    painter: str
    style_encoder: str

    def write(self, folder: Path) -> None:
        """Save as ``manifest.json``."""
        (folder / MANIFEST_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n")


def read_manifest(folder: Path) -> OnnxManifest:
    """The manifest of a folder.

    Raises:
        EngineUnavailableError: there is none, or it is not one.
    """
    try:
        return OnnxManifest(**json.loads((folder / MANIFEST_FILE).read_text()))
    except OSError as error:
        raise EngineUnavailableError(
            f"No exported painter in {folder}. Make one with: manage.py export_onnx --out {folder}"
        ) from error
    except (ValueError, TypeError) as error:
        raise EngineUnavailableError(
            f"{folder / MANIFEST_FILE} is no manifest of an exported painter."
        ) from error
