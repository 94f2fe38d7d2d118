"""Where a selection's photos stand in each preset, counted by the database in one pass a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, OuterRef

from styletransfer.admin.selection import Reach, key_of
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
    source = reach.source
    photo = reach.photos.order_by().filter(
        **{"pk": key_of(source, OuterRef("object_id")), source.image: OuterRef("source_name")}
    )
    rows = StyledVariant.objects.filter(
        Exists(photo),
        content_type=ContentType.objects.get_for_model(source.model),
        field=source.image,
        preset__in=[preset.pk for preset in presets],
    ).exclude(state=VariantState.SUPERSEDED)
    return rows.order_by().values_list("preset", "look", "state").annotate(Count("pk"))
