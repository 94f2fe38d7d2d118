"""``manage.py styletransfer_erase``: forget one person, or whoever a restored backup brought back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from styletransfer.management.shoppers import add_shopper_arguments, named_shopper
from styletransfer.personalization import erasure


class Command(BaseCommand):
    help = (
        "Erase everything that is kept about one person and fit anew what was learnt from it. After a backup "
        "was restored, erase again whoever came back (--replay)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_shopper_arguments(parser)
        parser.add_argument("--no-input", action="store_true", help="Do not ask.")
        parser.add_argument(
            "--replay",
            nargs="?",
            const="",
            metavar="FILE",
            help="Erase whoever hashes to a tombstone: of the database, of ERASURE_LOG, and of FILE.",
        )
        parser.add_argument("--tombstones", action="store_true", help="Print them; keep a copy off site.")

    def handle(
        self, *args: Any, replay: str | None, tombstones: bool, no_input: bool, **options: Any
    ) -> None:
        if tombstones:
            for entry in erasure.tombstones():
                self.stdout.write(json.dumps(entry))
        elif replay is not None:
            self._replay(replay)
        else:
            self._erase(options["user"], options["shopper"], no_input=no_input)

    def _replay(self, file: str) -> None:
        try:
            digests = erasure.read_digests(Path(file).read_text().splitlines(), file) if file else set()
            number = erasure.replay(digests)
        except OSError as error:
            raise CommandError(f"Cannot use {error.filename}: {error.strerror}.") from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Erased again: {number}.")

    def _erase(self, user: str | None, key: str | None, *, no_input: bool) -> None:
        shopper = named_shopper(user, key)
        if not no_input and input("This cannot be undone. Erase this person? [y/N] ").lower() != "y":
            raise CommandError("Nothing was erased.")
        try:
            counts = erasure.erase(shopper)
        except OSError as error:
            text = f"Nothing was erased: ERASURE_LOG cannot be written ({error.strerror})."
            raise CommandError(text) from error
        for label, number in sorted(counts.items()):
            self.stdout.write(f"{label}: {number}")
