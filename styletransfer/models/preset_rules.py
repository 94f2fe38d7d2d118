"""What a preset may not ask of its engine, said at the field that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from styletransfer.engine.abilities import EngineSettingsError, abilities, check_settings

if TYPE_CHECKING:
    from styletransfer.models.preset import StylePreset


def refuse_what_engine_cannot(preset: StylePreset, path: str) -> None:
    """Check a preset against what the engine at ``path`` can do.

    Raises:
        ValidationError: by field.
    """
    able = abilities(path)
    engine = {"engine": preset.engine}
    problems: dict[str, str] = {}
    if not able.keeps_size and preset.scope != "whole":
        problems["scope"] = (
            _(
                "The engine %(engine)s frames the picture anew, so there is no photo to mix with; "
                "choose the whole picture."
            )
            % engine
        )
    if preset.statistics == "collection" and not able.collects_statistics:
        problems["statistics"] = _("The engine %(engine)s cannot measure a collection.") % engine
    if not isinstance(preset.engine_settings, dict):
        problems["engine_settings"] = _("The engine\u2019s settings must be a JSON object.")
    else:
        try:
            check_settings(path, preset.engine_settings)
        except EngineSettingsError as error:
            problems["engine_settings"] = str(error)
    if problems:
        raise ValidationError(problems)
