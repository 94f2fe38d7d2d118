"""The looks shoppers switch between, and how a page's address says which one it is shown in.

On public pages the address alone decides (``?style=watercolour``): the same address is the same page for
everybody, so a shared cache may keep it, a link can be sent to a friend, and all works without JavaScript.
Pages of one visitor, which no cache keeps, follow the visitor's own style where the address says nothing;
on public pages a script turns to it (``switcher.js``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.delivery.choosing import ORIGINAL, PARAMETER, Chooser, chooser_for
from styletransfer.models import Experiment, ExperimentState, StyledVariant, StylePreset, VariantState

SWATCHES = Path(__file__).parent / "static" / "shop" / "looks"


@dataclass(frozen=True)
class Look:
    """One chip of the switcher.

    Attributes:
        slug: the preset's slug, or "original" for the photos as they are.
        name: as shoppers read it.
        description: a sentence about the look; may be empty.
        parameter: value of ``?style=`` that shows it, or None where the plain address does.
        current: whether the page is shown in it.
        swatch: static path of a small picture of it, or None.
    """

    slug: str
    name: str
    description: str
    parameter: str | None
    current: bool
    swatch: str | None


def follow_visitor(request: HttpRequest) -> None:
    """Show this page, which no cache may keep, in the visitor's own style."""
    request.__dict__["follows_visitor"] = True


def look_chooser(request: HttpRequest | None) -> Chooser:
    """What decides the look of this page."""
    return chooser_for(request, use_cookie=request is not None and "follows_visitor" in request.__dict__)


def current_look(request: HttpRequest | None) -> str:
    """Slug of the preset the page is shown in, or "original"."""
    return look_chooser(request).preset or ORIGINAL


def carried_style(request: HttpRequest | None) -> str | None:
    """Value of ``?style=`` that links of this page carry on; None where nothing was picked."""
    choice = look_chooser(request).choice
    look = choice.preset or ORIGINAL
    return look if choice.reason == "url" and look != get_settings().default_preset else None


def style_parameter(look: str) -> str | None:
    """Value of ``?style=`` for a look; None where the plain address shows it already."""
    return None if look == (get_settings().default_preset or ORIGINAL) else look


def looks_for(request: HttpRequest) -> list[Look]:
    """The photos as they are, then every offered preset in which something is painted; one query."""
    chosen = current_look(request)
    painted = StyledVariant.objects.filter(preset=OuterRef("pk"), state=VariantState.READY)
    applied = Experiment.objects.filter(state=ExperimentState.APPLIED)
    presets = list(
        StylePreset.objects.offered()
        .filter(Exists(painted) | Q(slug=chosen))
        .annotate(has_applied=Exists(applied))
        .only("slug", "name", "description", "position")
    )
    # With a winner applied, the plain address shows several looks at once.
    is_mixed = any(preset.has_applied for preset in presets)
    looks = [
        Look(
            slug=ORIGINAL,
            name=_("Photograph"),
            description=_("The photos as they were taken."),
            parameter=ORIGINAL if is_mixed else style_parameter(ORIGINAL),
            current=chosen == ORIGINAL,
            swatch=_swatch(ORIGINAL),
        )
    ]
    looks += [
        Look(
            slug=preset.slug,
            name=preset.name,
            description=preset.description,
            parameter=preset.slug if is_mixed else style_parameter(preset.slug),
            current=preset.slug == chosen,
            swatch=_swatch(preset.slug),
        )
        for preset in presets
    ]
    return looks


def style_address(request: HttpRequest, parameter: str | None) -> str:
    """This page's own address in another look; sorting and page number stay."""
    query = request.GET.copy()
    query.pop(PARAMETER, None)
    if parameter is not None:
        query[PARAMETER] = parameter
    return f"{request.path}?{query.urlencode()}" if query else request.path


@cache
def _drawn_swatches() -> frozenset[str]:
    return frozenset(path.stem for path in SWATCHES.glob("*.webp"))


def _swatch(slug: str) -> str | None:
    return f"shop/looks/{slug}.webp" if slug in _drawn_swatches() else None
