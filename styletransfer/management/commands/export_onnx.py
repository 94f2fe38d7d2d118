"""``manage.py export_onnx --out FOLDER``: write the painter as ONNX graphs for workers without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from styletransfer.engine.base import EngineUnavailableError


class Command(BaseCommand):
    help = "Export the painter to ONNX and compare the result with torch; the onnx engine paints with it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--out", type=Path, required=True, help="Folder for the graphs and their manifest."
        )
        parser.add_argument("--weights", type=Path, help="A .safetensors file; default: the shipped weights.")

    def handle(self, *args: Any, out: Path, weights: Path | None, **options: Any) -> None:
        try:
            from styletransfer.engine import onnx_export  # noqa: PLC0415 - imports torch
        except ImportError as error:
            raise CommandError(
                f"Exporting needs torch and safetensors ({error}). "
                'Install them with: pip install "django-styletransfer[painter]"'
            ) from error
        try:
            difference = onnx_export.export_painter(out, weights)
        except (EngineUnavailableError, onnx_export.ExportError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{out}: opset {onnx_export.OPSET}, at most {difference:.1e} from torch. Use it with "
            f'STYLETRANSFER["ENGINE_OPTIONS"]["onnx"] = {{"folder": "{out}"}}.'
        )
