"""``manage.py styletransfer_retention``: keep nothing longer than was promised."""

from __future__ import annotations

from typing import Any, cast

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Table

from styletransfer.conf import get_settings
from styletransfer.personalization.retention import RetentionReport, retain


class Command(BaseCommand):
    help = (
        "Turn old events into daily totals and forget shoppers who have not come back or who withdrew their "
        "consent. Run it every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go; change nothing.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        report = retain(is_dry=dry_run)
        console = Console(file=cast("Any", self.stdout)._out)
        console.print(_table(report, is_dry=dry_run), highlight=False)


def _table(report: RetentionReport, *, is_dry: bool) -> Table:
    configured = get_settings()
    table = Table("", "older than", "found" if is_dry else "removed")
    table.columns[2].justify = "right"
    for label, number in report.rows.items():
        table.add_row(label, f"{configured.event_days} days", str(number))
    table.add_row("shoppers who did not come back", f"{configured.profile_days} days", str(report.absent))
    table.add_row("shoppers who withdrew", f"{configured.withdrawn_days} days", str(report.withdrawn))
    return table
