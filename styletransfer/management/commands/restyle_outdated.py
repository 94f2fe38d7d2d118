"""``manage.py restyle_outdated``: request anew what was painted before something of it was changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from styletransfer.jobs.changes import take_all_changes
from styletransfer.jobs.outdated import refresh_outdated
from styletransfer.models import StylePreset


class Command(BaseCommand):
    help = (
        "Request new paintings for whatever is outdated; the old ones stay on show until those are ready. "
        "Run it nightly where REFRESH is not at-once, and after new weights."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--preset",
            dest="presets",
            action="append",
            metavar="SLUG",
            help="Look only at this preset; may be given again.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Count only; request nothing.")

    def handle(self, *args: Any, presets: list[str] | None, dry_run: bool, **options: Any) -> None:
        looks = _presets(presets) if presets else None
        jobs = [] if dry_run or looks is not None else take_all_changes()
        noted = sum(job.selected_count() for job in jobs)
        report = refresh_outdated(looks, is_dry=dry_run)
        if dry_run:
            self.stdout.write(f"{report.photos} photos are outdated.")
        else:
            number = len(jobs) + len(report.jobs)
            self.stdout.write(f"{noted + report.photos} photos requested anew in {number} jobs.")
        if report.problems:
            raise CommandError("Some presets were passed over. " + " ".join(report.problems))


def _presets(slugs: list[str]) -> list[StylePreset]:
    looks = list(StylePreset.objects.looks().filter(slug__in=slugs))
    unknown = sorted(set(slugs) - {look.slug for look in looks})
    if unknown:
        raise CommandError(
            f"There is no preset {', '.join(unknown)}. Run manage.py load_presets, or create it."
        )
    return looks
