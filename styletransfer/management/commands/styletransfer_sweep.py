"""``manage.py styletransfer_sweep``: clear away files and rows that nothing needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from rich.console import Console
from rich.table import Table

from styletransfer.conf import get_settings
from styletransfer.jobs.sweep import Sweep, SweepReport


class Command(BaseCommand):
    help = (
        "Remove files that no row refers to, rows whose photo is gone, superseded variants, old drafts and "
        "expired leases. Safe to run beside workers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go; change nothing.")
        parser.add_argument(
            "--grace",
            type=float,
            metavar="HOURS",
            help="Keep what is younger than this (default: SWEEP_GRACE_HOURS). Less than an hour is safe "
            "only while no worker runs.",
        )

    def handle(self, *args: Any, dry_run: bool, grace: float | None, verbosity: int, **options: Any) -> None:
        if grace is not None and grace < 0:
            raise CommandError("--grace must not be negative.")
        hours = get_settings().sweep_grace_hours if grace is None else grace

        def tell(kind: str, name: str) -> None:
            if dry_run or verbosity > 1:
                self.stdout.write(f"{'would remove' if dry_run else 'removing'} {kind} {name}")

        report = Sweep(timedelta(hours=hours), is_dry=dry_run, tell=tell).run()
        Console(file=cast("Any", self.stdout)._out).print(_table(report, is_dry=dry_run), highlight=False)
        if report.problems:
            raise CommandError(" ".join(report.problems))


def _table(report: SweepReport, *, is_dry: bool) -> Table:
    table = Table("", "found" if is_dry else "removed")
    table.columns[1].justify = "right"
    table.add_row("files without a row", f"{report.files} ({filesizeformat(report.bytes)})")
    table.add_row("variants whose photo is gone", str(report.orphan_rows))
    table.add_row("superseded variants", str(report.superseded_rows))
    table.add_row("drafts of previews", str(report.drafts))
    table.add_row("masters of ended variants", str(report.masters))
    table.add_row("masks and measures without a picture", str(report.masks))
    table.add_row("expired leases", str(report.leases))
    table.add_row("old signs and notes", str(report.signs))
    return table
