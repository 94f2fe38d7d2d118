"""``python -m styletransfer.training.evaluate``: compare painters on the same unseen pairs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.training.evaluation.contenders import (
    Contender,
    PhotoItself,
    ReinhardTransfer,
    WeightsContender,
    unique_names,
)
from styletransfer.training.evaluation.judging import judge
from styletransfer.training.evaluation.pairs import KnownStyles, load_network
from styletransfer.training.evaluation.pictures import NoPicturesError, evaluation_set
from styletransfer.training.evaluation.table import comparison_table


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        _compare(options, Console())
    except (EngineUnavailableError, NoPicturesError, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m styletransfer.training.evaluate", description=__doc__)
    add = parser.add_argument
    add("--weights", nargs="*", type=Path, default=[], metavar="FILE", help="Painters to compare.")
    add("--shipped", action="store_true", help="Compare the shipped weights, too.")
    add("--content", type=Path, required=True, help="Folder or tar file of photos.")
    add("--styles", type=Path, required=True, help="Folder or tar file of style pictures.")
    add("--perceptual", type=Path, metavar="NPZ", help="VGG16 weights, for the measures that need them.")
    add("--out", type=Path, required=True, help="Folder for results.json and contact sheets.")
    add("--photos", type=int, default=20, help="How many photos (20).")
    add("--per-photo", type=int, default=10, help="How many of the ten styles for each photo (10).")
    add("--side", type=int, default=384, help="Longer side of the pictures in px (384).")
    add("--no-baselines", action="store_true", help="Leave out the photo itself and Reinhard.")
    return parser


def _compare(options: argparse.Namespace, console: Console) -> None:
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
    named = unique_names(contenders)
    known = KnownStyles(pictures.styles, load_network(options.perceptual))
    options.out.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, float]] = {}
    for name, contender in named.items():
        results[name] = judge(contender, pictures, known, options.out, max(2, options.photos // 4))
        (options.out / "results.json").write_text(json.dumps(results, indent=2))
        console.print(f"{name}: done")
    for note in pictures.notes:
        console.print(note)
    console.print(comparison_table(results))


if __name__ == "__main__":
    sys.exit(main())
