"""The evaluation command: its options, and the comparison that it runs; shared by module and manage.py."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from styletransfer.engine.base import Engine, EngineUnavailableError
from styletransfer.training.evaluation.contenders import (
    Contender,
    EngineContender,
    PhotoItself,
    ReinhardTransfer,
    WeightsContender,
    unique_names,
)
from styletransfer.training.evaluation.judging import Judgement, judge
from styletransfer.training.evaluation.pairs import KnownStyles, load_network
from styletransfer.training.evaluation.pictures import NoPicturesError, evaluation_set
from styletransfer.training.evaluation.report import write_report
from styletransfer.training.evaluation.table import comparison_table

USER_ERRORS = (EngineUnavailableError, NoPicturesError, ValueError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("--weights", nargs="*", type=Path, default=[], metavar="FILE", help="Painters to compare.")
    add("--shipped", action="store_true", help="Compare the shipped weights, too.")
    add("--content", type=Path, required=True, help="Folder or tar file of photos.")
    add("--styles", type=Path, required=True, help="Folder or tar file of style pictures.")
    add("--perceptual", type=Path, metavar="NPZ", help="VGG16 weights, for the measures that need them.")
    add("--out", type=Path, required=True, help="Folder for report.html, results.json and pictures.")
    add("--photos", type=int, default=20, help="How many photos (20).")
    add("--per-photo", type=int, default=10, help="How many of the ten styles for each photo (10).")
    add("--side", type=int, default=384, help="Longer side of the pictures in px (384).")
    add("--no-baselines", action="store_true", help="Leave out the photo itself and Reinhard.")
    add("--speed", action="store_true", help="Measure speed and memory at 256, 512 and 1024 px, too.")


def compare(
    options: argparse.Namespace,
    engines: Mapping[str, Engine],
    console: Console,
    others: Sequence[Contender] = (),
) -> dict[str, Judgement]:
    """Judge ``others`` and everything that the options name, write the report and print the table.

    Raises:
        EngineUnavailableError: weights or an engine cannot be used here.
        NoPicturesError: no photos or no styles.
        ValueError: the perceptual network cannot be read, or two contenders have one name.
    """
    pictures = evaluation_set(
        options.content,
        options.styles,
        photo_count=options.photos,
        side=options.side,
        styles_per_photo=options.per_photo,
    )
    contenders: list[Contender] = [] if options.no_baselines else [PhotoItself(), ReinhardTransfer()]
    contenders += [WeightsContender(None)] if options.shipped else []
    contenders += [WeightsContender(path) for path in options.weights]
    contenders += [EngineContender(name, engine) for name, engine in engines.items()]
    contenders += others
    named = unique_names(contenders)
    known = KnownStyles(pictures.styles, load_network(options.perceptual))
    found: dict[str, Judgement] = {}
    with Progress(console=console) as progress:
        for name, contender in named.items():
            task = progress.add_task(name, total=len(pictures.photos))
            found[name] = judge(
                contender,
                pictures,
                known,
                some=max(1, len(pictures.photos) // 4),
                with_speed=options.speed,
                progress=lambda task=task: progress.advance(task),  # type: ignore[misc]
            )
            write_report(options.out, pictures, found)
    for note in pictures.notes:
        console.print(note)
    console.print(comparison_table({name: judgement.values for name, judgement in found.items()}))
    console.print(f"{options.out / 'report.html'}")
    return found
