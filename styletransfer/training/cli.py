"""The training command's options and what it does; shared by ``manage.py train_painter`` and the module."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import torch

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.engine.painter import Painter, load_painter
from styletransfer.training.checkpoints import CheckpointError, load_checkpoint
from styletransfer.training.config import ConfigError, TrainingConfig, read_config
from styletransfer.training.holdout import is_held_out_photo, is_held_out_style
from styletransfer.training.perceptual import PerceptualError, load_perceptual
from styletransfer.training.pictures import PicturesError, PictureStore, load_pictures

logger = logging.getLogger(__name__)

# What stops a run before it starts; the texts are for the person at the keyboard.
USER_ERRORS = (CheckpointError, ConfigError, EngineUnavailableError, PerceptualError, PicturesError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--photos",
        nargs="+",
        type=Path,
        required=True,
        metavar="PLACE",
        help="Folders or tar files of photos.",
    )
    parser.add_argument(
        "--styles",
        nargs="+",
        type=Path,
        required=True,
        metavar="PLACE",
        help="Folders or tar files of artworks.",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="Folder for checkpoints, samples and weights."
    )
    parser.add_argument(
        "--perceptual",
        type=Path,
        metavar="NPZ",
        help="VGG16 weights made by `python -m styletransfer.training.convert_hed`; default: torchvision's.",
    )
    parser.add_argument("--config", type=Path, help="JSON file of settings.")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="One setting, such as steps=2000 or weights.style=10; may be given again.",
    )
    parser.add_argument(
        "--from",
        dest="start",
        default="shipped",
        metavar="WEIGHTS",
        help='Weights to start from: "shipped" (the default), "nothing", or a .safetensors file.',
    )
    parser.add_argument("--resume", action="store_true", help="Go on from OUT/checkpoint.pt.")
    parser.add_argument(
        "--with-held-out",
        action="store_true",
        help="Train on the pictures that the evaluation holds out, too: its figures then mean nothing.",
    )
    parser.add_argument("--no-tensorboard", action="store_true", help="Write no TensorBoard files.")


def run(options: dict[str, Any]) -> Path:
    """Train as the options say; returns the path of the new weights.

    Raises:
        One of ``USER_ERRORS``: the run could not be started.
    """
    from styletransfer.training.trainer import Pictures, Trainer  # noqa: PLC0415 - imports accelerate

    out: Path = options["out"]
    out.mkdir(parents=True, exist_ok=True)
    config = _config(options)
    resume = load_checkpoint(out / "checkpoint.pt", torch.device("cpu")) if options["resume"] else None
    pictures = Pictures(_load(options, "photos", config), _load(options, "styles", config))
    perceptual = load_perceptual(options["perceptual"])
    (out / "config.json").write_text(json.dumps(config.as_mapping(), indent=2) + "\n")
    log = None if options["no_tensorboard"] else _tensorboard(out)
    trainer = Trainer(
        config, pictures, perceptual, out, painter=_start(options["start"]), resume=resume, log=log
    )
    return trainer.run()


def _config(options: dict[str, Any]) -> TrainingConfig:
    """The run's settings: of the checkpoint when resuming, else of the file, changed by ``--set``."""
    if options["resume"]:
        config = load_checkpoint(options["out"] / "checkpoint.pt", torch.device("cpu")).config
    else:
        config = read_config(options["config"]) if options["config"] else TrainingConfig()
    settings = {}
    for setting in options["settings"]:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set needs NAME=VALUE, not {setting!r}")
        settings[name] = value
    return config.with_settings(settings)


def _load(options: dict[str, Any], kind: str, config: TrainingConfig) -> PictureStore:
    held_out = is_held_out_photo if kind == "photos" else is_held_out_style
    side = config.stored_side if kind == "photos" else config.stored_side * 4 // 3
    keep = (lambda name: True) if options["with_held_out"] else (lambda name: not held_out(name))
    store = load_pictures(options[kind], side, keep)
    logger.info("%s %s, %s skipped", len(store), kind, len(store.skipped))
    for name, reason in store.skipped.items():
        logger.warning("skipped %s: %s", name, reason)
    return store


def _start(start: str) -> Painter | None:
    if start == "nothing":
        return None
    return load_painter(None if start == "shipped" else start).requires_grad_(True)


def _tensorboard(out: Path) -> Any:
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - optional

    return SummaryWriter(str(out / "tensorboard"))
