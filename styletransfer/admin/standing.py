"""Where a selection's photos stand in each preset, counted by the database in one pass a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.models import CharField, Count, F, Func, UUIDField, Value
from django.db.models.functions import Cast, Concat, Replace

from styletransfer.admin.selection import Reach
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.engines import engine_digest
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES
from styletransfer.models.variant import look_of


@dataclass
class Standing:
    """Photos of a selection in one preset.

    Attributes:
        photos: all of them.
        ready: painted from the photo's file, the preset and the engine as they are now.
        in_work: waiting or being painted for another request.
        stuck: failed or cancelled; painted only when that is asked for.
        outdated: painted before the photo, the preset or the engine was changed.
        problem: why nothing can be painted in this preset here; empty when it can.
    """

    photos: int
    ready: int = 0
    in_work: int = 0
    stuck: int = 0
    outdated: int = 0
    problem: str = ""

    @property
    def to_paint(self) -> int:
        """Photos that a request would paint without trying failed ones again."""
        return max(0, self.photos - self.ready - self.in_work - self.stuck)

    def add(self, state: str, *, is_current: bool, number: int) -> None:
        """Count variants of one state."""
        if not is_current:
            self.outdated += number if state == VariantState.READY else 0
        elif state == VariantState.READY:
            self.ready += number
        elif state in OPEN_STATES:
            self.in_work += number
        else:
            self.stuck += number


def standing_by_preset(found: Iterable[Reach], presets: Sequence[StylePreset]) -> dict[int, Standing]:
    """Counts by preset id; one query a source whatever the number of photos and presets.

    A variant counts as up to date when it has the preset's look of today and was made from the file that
    the photo names today. Files overwritten under their old name are found when the job is planned.
    """
    found = list(found)
    total = sum(reach.count for reach in found)
    counted = {preset.pk: Standing(total) for preset in presets}
    looks = {}
    for preset in presets:
        try:
            looks[preset.pk] = look_of(preset.digest, engine_digest(preset.engine))
        except EngineUnavailableError as error:
            counted[preset.pk].problem = str(error)
    for reach in found:
        for preset_id, look, state, number in _grouped(reach, presets):
            is_current = look == looks.get(preset_id)
            counted[preset_id].add(state, is_current=is_current, number=number)
    return counted


def _grouped(reach: Reach, presets: Sequence[StylePreset]) -> Any:
    """(preset id, look, state, number) of the variants made from the selected photos' files."""
    stored, selected = _comparable_keys(reach)
    rows = (
        StyledVariant.objects.filter(
            content_type=ContentType.objects.get_for_model(reach.source.model),
            field=reach.source.image,
            preset__in=[preset.pk for preset in presets],
        )
        .exclude(state=VariantState.SUPERSEDED)
        .alias(stored_key=stored)
        .filter(stored_key__in=reach.photos.order_by().annotate(key=selected).values("key"))
    )
    return rows.order_by().values_list("preset", "look", "state").annotate(Count("pk"))


def _comparable_keys(reach: Reach) -> tuple[Func, Func]:
    """Expressions that give a variant and a photo the same text: the key and the file's name.

    A database without a UUID type keeps UUID keys as 32 digits, ``object_id`` has them with hyphens.
    """
    database = connections[reach.photos.db]
    stored: F | Func = F("object_id")
    if isinstance(reach.source.model._meta.pk, UUIDField) and not database.features.has_native_uuid_field:
        stored = Replace("object_id", Value("-"), Value(""))
    text, colon = CharField(), Value(":")
    key = Cast("pk", CharField(max_length=64))
    file = Cast(reach.source.image, CharField(max_length=255))
    return (
        Concat(stored, colon, "source_name", output_field=text),
        Concat(key, colon, file, output_field=text),
    )
