"""``manage.py restyle SOURCE --preset SLUG``: request, and with ``--wait`` watch, the painting of photos."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import FieldError, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from rich.console import Console

from styletransfer.conf import get_settings
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.watch import JobWatch
from styletransfer.management.summary import print_summary, progress_bar
from styletransfer.models import StylePreset
from styletransfer.sources import NotASourceError, Source, all_sources, get_source


class Command(BaseCommand):
    help = "Restyle photos of a registered source. What is ready already is not painted again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="Registered model, such as shop.productimage.")
        parser.add_argument(
            "--preset",
            dest="presets",
            action="append",
            required=True,
            metavar="SLUG",
            help="Preset to paint in; may be given again.",
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--all", action="store_true", help="Every photo (the default).")
        which.add_argument("--ids", nargs="+", metavar="ID", help="Photos with these primary keys.")
        which.add_argument(
            "--filter",
            dest="filters",
            nargs="+",
            metavar="FIELD=VALUE",
            help="Photos that match, as in a queryset: product__category__slug=lamps.",
        )
        parser.add_argument(
            "--wait", action="store_true", help="Wait for the pictures; embedded: paint them."
        )
        parser.add_argument("--force", action="store_true", help="Try failed and cancelled pictures again.")

    def handle(
        self, *args: Any, source: str, presets: list[str], wait: bool, force: bool, **options: Any
    ) -> None:
        found = _source(source)
        looks = _presets(presets)
        objects, selection = _selection(found, options.get("ids"), options.get("filters"))
        job = request_restyle(found, objects, looks, selection=selection, force=force)
        console = Console(file=cast("Any", self.stdout)._out)
        if not wait:
            self.stdout.write(
                f"Job {job.pk}: {job.selected_count()} photos in {len(looks)} presets requested."
            )
            self.stdout.write(_how_to_run())
            return
        watch = JobWatch(job)
        with progress_bar(console) as show:
            report = watch.run(show)
        print_summary(console, job, report)
        if report.problem:
            raise CommandError(report.problem)
        if report.failed:
            raise CommandError(
                f"{report.failed} pictures failed. Mend what is listed above, then run again with --force."
            )


def _source(label: str) -> Source:
    try:
        return get_source(label)
    except NotASourceError as error:
        known = ", ".join(source.label for source in all_sources()) or "none"
        raise CommandError(f"{label!r} is no registered source; registered are: {known}.") from error


def _presets(slugs: list[str]) -> list[StylePreset]:
    looks = list(StylePreset.objects.looks().filter(slug__in=slugs))
    unknown = sorted(set(slugs) - {look.slug for look in looks})
    if unknown:
        slugs_known = StylePreset.objects.looks().values_list("slug", flat=True)
        known = ", ".join(slugs_known) or "none, run manage.py load_presets"
        raise CommandError(f"No preset {', '.join(map(repr, unknown))}; there are: {known}.")
    for look in looks:
        try:
            engine_digest(look.engine)
        except EngineUnavailableError as error:
            raise CommandError(f"Preset {look.slug!r} cannot be used: {error}") from error
    return looks


def _selection(source: Source, ids: list[str] | None, filters: list[str] | None) -> tuple[QuerySet[Any], str]:
    objects = source.model._default_manager.all()
    if ids:
        return _filtered(source, objects, {"pk__in": ids}), f"{len(ids)} of {source.label}"
    if filters:
        pairs = [pair.partition("=") for pair in filters]
        wrong = [name for name, equals, _value in pairs if not equals or not name]
        if wrong:
            raise CommandError(f"--filter takes FIELD=VALUE, not {wrong[0]!r}.")
        chosen = _filtered(source, objects, {name: value for name, _equals, value in pairs})
        return chosen.distinct(), f"{source.label} with {' '.join(filters)}"
    return objects, f"all of {source.label}"


def _filtered(source: Source, objects: QuerySet[Any], conditions: dict[str, Any]) -> QuerySet[Any]:
    try:
        chosen = objects.filter(**conditions)
    except (FieldError, ValidationError, ValueError, TypeError) as error:
        names = ", ".join(sorted(field.name for field in source.model._meta.get_fields()))
        raise CommandError(
            f"{source.label} cannot be filtered so: {error} Its fields are: {names}."
        ) from error
    missing = set(map(str, conditions.get("pk__in", ()))) - {
        str(pk) for pk in chosen.values_list("pk", flat=True)
    }
    if "pk__in" in conditions and missing:
        raise CommandError(f"{source.label} has no {', '.join(sorted(missing))}.")
    return chosen


def _how_to_run() -> str:
    if get_settings().dispatcher == "celery":
        return "Celery workers paint it; see docs/reference for the queues."
    return "Paint it with: manage.py restyle_worker --until-idle"
