"""``manage.py evaluate_painter``: compare painters, and any engine of the settings, on unseen pairs."""

from __future__ import annotations

import argparse
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from styletransfer.engine.base import Engine, EngineUnavailableError
from styletransfer.jobs.engines import get_engine


class Command(BaseCommand):
    help = "Compare painters on photos and styles that they were not trained on; writes a report."

    def add_arguments(self, parser: CommandParser) -> None:
        comparing = _comparing()
        comparing.add_arguments(parser)
        parser.add_argument(
            "--engine",
            dest="engines",
            action="append",
            default=[],
            metavar="NAME",
            help="Engine of the settings to compare, too; may be given again.",
        )

    def handle(self, *args: Any, engines: list[str], **options: Any) -> None:
        comparing = _comparing()
        console = Console(file=cast("Any", self.stdout)._out)
        try:
            comparing.compare(
                argparse.Namespace(**options), {name: _engine(name) for name in engines}, console
            )
        except comparing.USER_ERRORS as error:
            raise CommandError(str(error)) from error


def _comparing() -> Any:
    """The comparison, which needs torch."""
    try:
        from styletransfer.training.evaluation import comparing  # noqa: PLC0415 - imports torch
    except ImportError as error:
        raise CommandError(
            f"Judging painters needs more packages ({error}). "
            'Install them with: pip install "django-styletransfer[train]"'
        ) from error
    return comparing


def _engine(name: str) -> Engine:
    try:
        return get_engine(name)
    except (EngineUnavailableError, LookupError) as error:
        raise CommandError(f"Engine {name!r} cannot be used: {error}") from error
