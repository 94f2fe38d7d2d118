"""What an engine's class says about itself, read without creating an engine or loading a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.engine.registry import engine_class


class EngineSettingsError(ValueError):
    """A preset's settings do not suit its engine; the text names the setting and what it may be."""


@dataclass(frozen=True)
class Abilities:
    """Attributes that an engine's class may set; each has the value given here where it does not.

    Attributes:
        uses_style_code: whether the look comes from reference pictures.
        needs_references: whether it can paint nothing without them.
        uses_mask: whether every request needs a subject mask.
        keeps_size: whether a painting has its photo's height and width. Scopes and protected areas need that.
        returns_detail: whether the engine applies ``PaintOptions.detail`` itself.
        collects_statistics: whether it can measure a collection (``collect_statistics``) and paint with that.
        checks_settings: whether it has settings of its own (``check_settings``).
    """

    uses_style_code: bool = True
    needs_references: bool = True
    uses_mask: bool = False
    keeps_size: bool = True
    returns_detail: bool = False
    collects_statistics: bool = False
    checks_settings: bool = False


@cache
def abilities(path: str) -> Abilities:
    """The abilities of the engine at ``module:Class``; the defaults where it cannot be imported here."""
    try:
        found = engine_class(path)
    except EngineUnavailableError:
        return Abilities()
    return Abilities(
        uses_style_code=bool(getattr(found, "uses_style_code", True)),
        needs_references=bool(getattr(found, "needs_references", True)),
        uses_mask=bool(getattr(found, "uses_mask", False)),
        keeps_size=bool(getattr(found, "keeps_size", True)),
        returns_detail=bool(getattr(found, "returns_detail", False)),
        collects_statistics=callable(getattr(found, "collect_statistics", None)),
        checks_settings=callable(getattr(found, "check_settings", None)),
    )


def check_settings(path: str, settings: Mapping[str, Any]) -> None:
    """Let an engine judge a preset's settings for it; an engine that takes none refuses any.

    Raises:
        EngineSettingsError: says which setting is wrong.
    """
    try:
        check = getattr(engine_class(path), "check_settings", None)
    except EngineUnavailableError:
        return
    if check is not None:
        check(settings)
    elif settings:
        raise EngineSettingsError(
            f"This engine takes no settings of its own, not {', '.join(sorted(settings))}."
        )
