"""``manage.py train_painter``: teach the painter a shop's own photos and styles."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Train the painter on folders or tar files of photos and artworks. See docs/training.md."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        from styletransfer.training import cli  # noqa: PLC0415 - imports torch

        cli.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from styletransfer.training import cli  # noqa: PLC0415 - imports torch

        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
        try:
            weights = cli.run(options)
        except cli.USER_ERRORS as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(f"Trained weights: {weights}"))
