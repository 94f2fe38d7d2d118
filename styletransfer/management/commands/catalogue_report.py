"""``manage.py catalogue_report``: how even the photos of a source are, and what a look makes of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from styletransfer.jobs.report_summary import measured_rows
from styletransfer.jobs.reports import measure_some, photos_with_file, request_report
from styletransfer.models import CatalogueReport, StylePreset
from styletransfer.sources import NotASourceError, all_sources, get_source


class Command(BaseCommand):
    help = (
        "Measure how uneven a catalogue is in light, background and framing, outliers first. Photos that "
        "were measured before are not measured again; a run that was cut off goes on where it stood."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            metavar="SOURCE",
            help="app_label.modelname; may be left out where there is one.",
        )
        parser.add_argument(
            "--preset", metavar="SLUG", help="Set the paintings in this preset beside the photos."
        )
        parser.add_argument("--csv", type=Path, metavar="FILE", help="Write one row a photo.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the summary and all rows.")
        parser.add_argument(
            "--no-wait", action="store_true", help="Only ask for the report; workers measure."
        )
        parser.add_argument("--outliers", type=int, default=10, metavar="N", help="How many to list.")

    def handle(self, *args: Any, source: str | None, preset: str | None, **options: Any) -> None:
        chosen = _source(source)
        look = None
        if preset:
            look = StylePreset.objects.looks().filter(slug=preset).first()
            if look is None:
                raise CommandError(f"There is no preset {preset}. Run manage.py load_presets, or create it.")
        if not photos_with_file(chosen).exists():
            raise CommandError(f"{chosen.label} has no photos to measure.")
        report = _unfinished(chosen, look) or request_report(chosen, look)
        if options["no_wait"]:
            self.stdout.write(f"Report {report.pk} is waiting for a worker ({report.total} pictures).")
            return
        self._measure(report)
        self._print(report, options["outliers"])
        self._export(report, chosen, options["csv"], options["json"])

    def _measure(self, report: CatalogueReport) -> None:
        told = -1

        def tell(at: CatalogueReport) -> None:
            nonlocal told
            share = 10 * at.done // max(at.total, 1)
            if at.pk == report.pk and share != told:
                told = share
                self.stderr.write(f"{at.done} of {at.total} pictures measured")

        while report.is_open:
            if not measure_some(30.0, tell):
                report.refresh_from_db()
                if report.is_open and report.lease_until is not None:
                    raise CommandError(f"Another worker is measuring report {report.pk}; ask again later.")
            report.refresh_from_db()

    def _print(self, report: CatalogueReport, outliers: int) -> None:
        summary = report.summary
        if problem := summary.get("problem"):
            raise CommandError(problem)
        after = summary.get("after") or {}
        self.stdout.write(f"{summary['photos']} photos measured, {summary['outlier_count']} stand out.")
        if after:
            self.stdout.write(f"{after['paintings']} paintings measured, {after['outlier_count']} stand out.")
        self.stdout.write(f"{'measure':22}{'median':>10}{'spread':>10}{'after':>10}{'gone':>8}")
        for name, spread in summary["spreads"].items():
            row = f"{name:22}{spread['median']:>10.3f}{spread['sd']:>10.3f}"
            if name in after.get("spreads", {}):
                gone = after["reductions"].get(name, 0.0)
                row += f"{after['spreads'][name]['sd']:>10.3f}{gone:>8.0%}"
            self.stdout.write(row)
        if (spread := summary.get("palette_spread")) is not None:
            row = f"{'palettes':22}{'':>10}{spread:>10.2f}"
            if after.get("palette_spread") is not None:
                row += f"{after['palette_spread']:>10.2f}"
            self.stdout.write(row)
        for outlier in summary["outliers"][:outliers]:
            reasons = ", ".join(each["code"] for each in outlier["reasons"])
            self.stdout.write(f"  {outlier['key']:>8}  {reasons}")
        for problem in summary["problems"]:
            self.stderr.write(f"  {problem['name']}: {problem['reason']}")

    def _export(self, report: CatalogueReport, source: Any, table: Path | None, whole: Path | None) -> None:
        keys = {str(pk) for pk in photos_with_file(source).values_list("pk", flat=True)}
        if table:
            rows = list(measured_rows(report, source, keys))
            columns = list(dict.fromkeys(name for row in rows for name in row))
            with table.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
        if whole:
            content = {**report.summary, "pictures": list(measured_rows(report, source, keys))}
            whole.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _source(label: str | None) -> Any:
    if label is None:
        sources = list(all_sources())
        if len(sources) != 1:
            known = ", ".join(source.label for source in sources) or "none"
            raise CommandError(f"Say which source to measure; registered are {known}.")
        return sources[0]
    try:
        return get_source(label)
    except NotASourceError as error:
        raise CommandError(str(error)) from error


def _unfinished(source: Any, preset: StylePreset | None) -> CatalogueReport | None:
    open_ones = CatalogueReport.objects.filter(preset=preset).exclude(stage=CatalogueReport.Stage.FINISHED)
    return next((each for each in open_ones if each.content_type.model_class() is source.model), None)
