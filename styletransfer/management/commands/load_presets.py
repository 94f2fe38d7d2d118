"""``manage.py load_presets``: install the looks that come with the app."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.codes import ensure_style_code
from styletransfer.models import StylePreset, StyleReference

SHIPPED = files("styletransfer") / "presets"


class Command(BaseCommand):
    """Install shipped presets; those already there keep what staff made of them unless told otherwise."""

    help = "Install the shipped style presets with their reference pictures and compute their style codes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only", action="append", metavar="SLUG", help="Install only this preset; may be given again."
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="Give presets that are already installed their shipped values again.",
        )

    def handle(self, *args: Any, only: list[str] | None, update: bool, **options: Any) -> None:
        shipped: list[dict[str, Any]] = json.loads((SHIPPED / "presets.json").read_text("utf-8"))
        wanted = set(only or (entry["slug"] for entry in shipped))
        unknown = wanted - {entry["slug"] for entry in shipped}
        if unknown:
            raise CommandError(
                f"No preset {', '.join(sorted(unknown))} is shipped; there are "
                f"{', '.join(sorted(entry['slug'] for entry in shipped))}."
            )
        created = 0
        for position, entry in enumerate(shipped):
            if entry["slug"] in wanted:
                created += _install(entry, position, update=update)
        self.stdout.write(f"{created} presets installed, {len(wanted) - created} were there already.")
        self._compute_codes(wanted)

    def _compute_codes(self, slugs: set[str]) -> None:
        for preset in StylePreset.objects.filter(slug__in=slugs):
            try:
                ensure_style_code(preset)
            except EngineUnavailableError as error:
                self.stderr.write(
                    f"Style codes are left to the first worker that can paint. {error}", self.style.WARNING
                )
                return


@transaction.atomic
def _install(entry: dict[str, Any], position: int, *, update: bool) -> bool:
    values = {key: value for key, value in entry.items() if key not in ("slug", "references")}
    values["position"] = position
    preset, created = StylePreset.objects.get_or_create(slug=entry["slug"], defaults=values)
    if not created and not update:
        return False
    if not created:
        StylePreset.objects.filter(pk=preset.pk).update(**values)
        preset = StylePreset.objects.get(pk=preset.pk)
        preset.references.all().delete()
    for number, filename in enumerate(entry["references"]):
        picture = ContentFile((SHIPPED / filename).read_bytes(), name=filename)
        StyleReference(preset=preset, image=picture, position=number).save()
    StylePreset.objects.get(pk=preset.pk).refresh_digest()
    return created
