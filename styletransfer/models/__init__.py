"""State and its constraints; the work is done in ``jobs``, ``delivery`` and ``engine``."""

from styletransfer.models.change import EngineSeen, NotedChange
from styletransfer.models.job import RestyleJob, RestyleJobItem
from styletransfer.models.mix import StylePresetPart
from styletransfer.models.preset import Scope, StylePreset
from styletransfer.models.reference import StyleReference
from styletransfer.models.sign import WorkerSign
from styletransfer.models.variant import ReviewState, StyledVariant, VariantState

__all__ = [
    "EngineSeen",
    "NotedChange",
    "RestyleJob",
    "RestyleJobItem",
    "ReviewState",
    "Scope",
    "StylePreset",
    "StylePresetPart",
    "StyleReference",
    "StyledVariant",
    "VariantState",
    "WorkerSign",
]
