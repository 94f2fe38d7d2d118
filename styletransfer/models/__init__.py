"""State and its constraints; the work is done in ``jobs``, ``delivery`` and ``engine``."""

from styletransfer.models.aftermath import ErasureTombstone, StyleTotal
from styletransfer.models.change import EngineSeen, NotedChange
from styletransfer.models.consent import ConsentRecord, ConsentSource, Purpose
from styletransfer.models.event import ConsentBasis, Device, EventKind, StyleEvent
from styletransfer.models.job import RestyleJob, RestyleJobItem
from styletransfer.models.mix import StylePresetPart
from styletransfer.models.preset import Scope, StylePreset
from styletransfer.models.recommendation import (
    ListKind,
    RecommendationList,
    RecommendationRule,
    RecommendationSnapshot,
    RuleKind,
)
from styletransfer.models.reference import StyleReference
from styletransfer.models.shopper import Shopper
from styletransfer.models.sign import WorkerSign
from styletransfer.models.variant import ReviewState, StyledVariant, VariantState

__all__ = [
    "ConsentBasis",
    "ConsentRecord",
    "ConsentSource",
    "Device",
    "EngineSeen",
    "ErasureTombstone",
    "EventKind",
    "ListKind",
    "NotedChange",
    "Purpose",
    "RecommendationList",
    "RecommendationRule",
    "RecommendationSnapshot",
    "RestyleJob",
    "RestyleJobItem",
    "ReviewState",
    "RuleKind",
    "Scope",
    "Shopper",
    "StyleEvent",
    "StylePreset",
    "StylePresetPart",
    "StyleReference",
    "StyleTotal",
    "StyledVariant",
    "VariantState",
    "WorkerSign",
]
