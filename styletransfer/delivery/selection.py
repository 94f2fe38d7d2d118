"""Which painting of a photo is shown: the rule, and the one query that fetches what the rule needs.

The rule, for one photo in one preset:

* Paintings of the photo's current file come first. Where there is none yet, that of the file before it
  stays on show until the new one is ready, unless ``SHOW_REPLACED`` is off or, with ``REFRESH`` set to
  "never", no new one will come.
* Of these the newest that is ready, and not rejected, is shown. It must be approved where
  ``SHOW_UNAPPROVED`` is off. Newer ones that are queued, painting or failed do not hide it.
* Variants of a job that staff have undone are not shown until it is brought back.
* Superseded and cancelled variants are never shown: their files may be swept at any time.
* Inactive presets and drafts show the original.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import F, QuerySet

from styletransfer.conf import get_settings
from styletransfer.models import ReviewState, StyledVariant, VariantState
from styletransfer.sources import Source

# Measures, timings and errors stay in the database: a page shows none of them.
COLUMNS = (
    "object_id",
    "state",
    "review",
    "hidden_by",
    "source_name",
    "source_width",
    "source_height",
    "renditions",
    "placeholder",
)
SLUG_ANNOTATION = "shown_preset_slug"
MISSING = "missing"
ORIGINAL_STATE = "original"


@dataclass(frozen=True)
class Selection:
    """The answer for one photo in one preset.

    Attributes:
        shown: the ready variant to show, or None for the original.
        state: where the wanted variant stands: a ``VariantState`` value, "missing" when there is none
            yet, or "original" when no preset is wanted.
        original_size: (width, height) of the photo in pixels, as far as its variants know it.
    """

    shown: StyledVariant | None = None
    state: str = MISSING
    original_size: tuple[int, int] | None = None


NO_PRESET = Selection(state=ORIGINAL_STATE)


def showable_variants(slugs: Iterable[str]) -> QuerySet[StyledVariant]:
    """Variants in active presets of these slugs, newest first, with the columns a page needs."""
    return _showable_in(tuple(slugs)).all()


@lru_cache(maxsize=256)
def _showable_in(slugs: tuple[str, ...]) -> QuerySet[StyledVariant]:
    """The query, never run itself; built once, for building costs every page time."""
    return (
        StyledVariant.objects.filter(
            preset__slug__in=list(slugs), preset__is_active=True, preset__draft_of__isnull=True
        )
        .exclude(state=VariantState.SUPERSEDED)
        .annotate(**{SLUG_ANNOTATION: F("preset__slug")})
        .only(*COLUMNS)
        .order_by("-pk")
    )


def of_photos(
    queryset: QuerySet[StyledVariant], source: Source, keys: Iterable[object]
) -> QuerySet[StyledVariant]:
    """Narrow a query of variants to these primary keys of a source.

    The content type is joined, not looked up, so a cold process needs no query of its own for it.
    """
    meta = (source.model._meta.concrete_model or source.model)._meta
    return queryset.filter(
        content_type__app_label=meta.app_label,
        content_type__model=meta.model_name,
        field=source.image,
        object_id__in=[str(key) for key in keys],
    )


def select(variants: Sequence[StyledVariant], slug: str, photo_name: str) -> Selection:
    """Apply the rule to the variants of one photo, given newest first.

    Args:
        variants: rows of ``showable_variants``; other presets among them are passed over.
        slug: the wanted preset.
        photo_name: name of the photo's current file in its storage.
    """
    wanted = [row for row in variants if getattr(row, SLUG_ANNOTATION) == slug]
    current = [row for row in wanted if row.source_name == photo_name]
    shown = next((row for row in current if _may_be_shown(row)), None)
    is_painted_anew = any(row.state == VariantState.READY for row in current)
    if not is_painted_anew and get_settings().shows_replaced:
        shown = next((row for row in wanted if _may_be_shown(row)), None)
    if not current:
        return Selection(shown)
    newest = current[0]
    size = (newest.source_width, newest.source_height)
    return Selection(
        shown=shown,
        state=str(newest.state),
        original_size=(size[0], size[1]) if size[0] and size[1] else None,
    )


def _may_be_shown(variant: StyledVariant) -> bool:
    if variant.state != VariantState.READY or not variant.renditions or variant.hidden_by_id is not None:
        return False
    if variant.review == ReviewState.PENDING:
        return get_settings().show_unapproved
    return variant.review == ReviewState.APPROVED
