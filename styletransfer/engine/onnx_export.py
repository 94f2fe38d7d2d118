"""Exporting the painter to ONNX: any size, the style code as an input, the style encoder beside it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from styletransfer.engine.base import CODE_SIZE, EngineUnavailableError
from styletransfer.engine.normalisation import EPSILON, InstanceNorm, NormMode, norm_mode
from styletransfer.engine.onnx_files import PAINTER_FILE, STYLE_ENCODER_FILE, OnnxManifest
from styletransfer.engine.painter import Painter, load_painter
from styletransfer.engine.weights import file_sha256, find_weights

OPSET = 18
TOLERANCE = 1e-3
# Sizes that exported graphs are compared at: height and width in px, multiples of 4.
CHECKED_SIZES = ((64, 96), (132, 76))


class ExportError(Exception):
    """An exported graph does not do what torch does; nothing was kept."""


class PlainInstanceNorm(InstanceNorm):
    """Instance norm in operations that every ONNX runtime has: statistics are collected, then applied."""

    def forward(self, maps: Tensor, gain: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """``maps`` (B, C, H, W) normalised, then scaled and shifted by (B, C) gains and biases."""
        if self.mode is NormMode.COLLECT:
            self.mean = maps.mean((2, 3), keepdim=True)
            self.variance = (maps - self.mean).square().mean((2, 3), keepdim=True)
        mean, variance = self._kept()
        normalised = (maps - mean) * (variance + EPSILON).rsqrt()
        if gain is None or bias is None:
            return normalised
        return normalised * gain[:, :, None, None] + bias[:, :, None, None]


class PaintingGraph(nn.Module):
    """A photo in the style of a code, with the norm statistics of a small copy of it.

    Both pictures are (1, 3, H, W) in [0, 1], reflected, with sides that are multiples of 4; the code is
    (1, 128), the painting of ``picture``'s size in [0, 1].
    """

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.content_encoder, self.generator = painter.content_encoder, painter.generator

    def forward(self, picture: Tensor, small: Tensor, code: Tensor) -> Tensor:
        """Paint ``picture`` with the statistics of ``small``; the caller reflects and crops."""
        with norm_mode(self, NormMode.COLLECT):
            self.generator(self.content_encoder(small * 2 - 1), code)
        with norm_mode(self, NormMode.FROZEN):
            painting: Tensor = self.generator(self.content_encoder(picture * 2 - 1), code)
        return painting


class StyleGraph(nn.Module):
    """Picture (1, 3, H, W) in [0, 1] to its mean style code (1, 128)."""

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.style_encoder = painter.style_encoder

    def forward(self, picture: Tensor) -> Tensor:
        """The code."""
        code: Tensor = self.style_encoder(picture * 2 - 1)[0]
        return code


def export_painter(folder: Path, weights: str | Path | None = None) -> float:
    """Write ``painter.onnx``, ``style_encoder.onnx`` and ``manifest.json`` into ``folder``.

    Returns:
        The largest difference between onnxruntime and torch that was found, at most ``TOLERANCE``.

    Raises:
        EngineUnavailableError: a package or the weights are missing.
        ExportError: the graphs do not do what torch does.
    """
    _require_packages()
    file = find_weights(weights)
    painting, style = PaintingGraph(load_painter(weights)).eval(), StyleGraph(load_painter(weights)).eval()
    # Before the norms are replaced: the comparison is with what is painted otherwise.
    wanted = [_torch_outputs(painting, style, size) for size in CHECKED_SIZES]
    _use_plain_norms(painting)
    folder.mkdir(parents=True, exist_ok=True)
    example = torch.rand(1, 3, *CHECKED_SIZES[0])
    dynamic = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    other = torch.rand(1, 3, *CHECKED_SIZES[1])
    _export(
        painting,
        {"picture": (example, dynamic), "small": (other, dynamic), "code": (torch.zeros(1, CODE_SIZE), None)},
        folder / PAINTER_FILE,
    )
    _export(style, {"picture": (example, dynamic)}, folder / STYLE_ENCODER_FILE)
    difference = _largest_difference(folder, wanted)
    if difference > TOLERANCE:
        for name in (PAINTER_FILE, STYLE_ENCODER_FILE):
            (folder / name).unlink()
        raise ExportError(
            f"The exported graphs differ by {difference:.2g} from torch, more than {TOLERANCE:g}."
        )
    digests = [file_sha256(path, path.stat().st_mtime_ns) for path in _graphs(folder)]
    OnnxManifest(OPSET, file.sha256, *digests).write(folder)
    return difference


def _graphs(folder: Path) -> tuple[Path, Path]:
    return folder / PAINTER_FILE, folder / STYLE_ENCODER_FILE


def _require_packages() -> None:
    try:
        import onnxruntime  # noqa: F401, PLC0415
        import onnxscript  # noqa: F401, PLC0415
    except ImportError as error:
        raise EngineUnavailableError(
            f"Exporting needs more packages ({error}). "
            'Install them with: pip install "django-styletransfer[painter,onnx]" onnx onnxscript'
        ) from error


def _use_plain_norms(network: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, InstanceNorm):
                setattr(parent, name, PlainInstanceNorm())


def _export(network: nn.Module, inputs: dict[str, tuple[Tensor, object]], path: Path) -> None:
    """Write ``network`` as a graph of ``inputs``: by name, an example and which of its sizes may differ."""
    with warnings.catch_warnings():
        # The exporter's own use of deprecated calls.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            tuple(example for example, _ in inputs.values()),
            input_names=list(inputs),
            output_names=["result"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=tuple(dynamic for _, dynamic in inputs.values()),
            verbose=False,
        )
    if program is None:
        raise ExportError("torch.onnx.export gave nothing back.")
    program.save(path)


Outputs = tuple[dict[str, Tensor], Tensor]


@torch.inference_mode()
def _torch_outputs(painting: PaintingGraph, style: StyleGraph, size: tuple[int, int]) -> Outputs:
    """The painting graph's inputs, the pictures random and one of a size, and its painting."""
    generator = torch.Generator().manual_seed(1)
    picture, small = (torch.rand(1, 3, *each, generator=generator) for each in (size, CHECKED_SIZES[0]))
    code = style(picture)
    return {"picture": picture, "small": small, "code": code}, painting(picture, small, code)


def _largest_difference(folder: Path, wanted: list[Outputs]) -> float:
    import onnxruntime  # noqa: PLC0415

    painter, encoder = (
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in _graphs(folder)
    )
    differences = []
    for tensors, painting in wanted:
        given = {name: tensor.numpy() for name, tensor in tensors.items()}
        differences.append(np.abs(painter.run(None, given)[0] - painting.numpy()).max())
        code = encoder.run(None, {"picture": given["picture"]})[0]
        differences.append(np.abs(code - given["code"]).max())
    return float(max(differences))
