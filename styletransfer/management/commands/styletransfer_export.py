"""``manage.py styletransfer_export``: everything that is kept about one person, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from styletransfer.management.shoppers import add_shopper_arguments, named_shopper
from styletransfer.personalization.export import export


class Command(BaseCommand):
    help = "Write everything that is kept about one person as JSON, to answer a request for access."

    def add_arguments(self, parser: CommandParser) -> None:
        add_shopper_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="FILE", help="Write there; else to the screen.")

    def handle(
        self, *args: Any, user: str | None, shopper: str | None, output: Path | None, **options: Any
    ) -> None:
        text = json.dumps(export(named_shopper(user, shopper)), indent=2, ensure_ascii=False)
        if output is None:
            self.stdout.write(text)
            return
        try:
            output.touch(mode=0o600)
            output.write_text(text + "\n")
        except OSError as error:
            raise CommandError(f"Cannot write {output}: {error.strerror}.") from error
