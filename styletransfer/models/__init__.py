"""State and its constraints; the work is done in ``jobs``, ``delivery`` and ``engine``."""

from styletransfer.models.aftermath import ErasureTombstone, StyleTotal
from styletransfer.models.change import EngineSeen, NotedChange
from styletransfer.models.consent import ConsentRecord, ConsentSource, Purpose
from styletransfer.models.creative import CreativeExport
from styletransfer.models.event import ConsentBasis, Device, EventKind, StyleEvent
from styletransfer.models.experiment import Allocation, Arm, Experiment, ExperimentState, Goal, StopReason
from styletransfer.models.exposure import Exposure
from styletransfer.models.job import FoldedSelection, RestyleJob, RestyleJobItem
from styletransfer.models.mask import PhotoMask
from styletransfer.models.mix import StylePresetPart
from styletransfer.models.preset import Scope, Statistics, StylePreset
from styletransfer.models.recommendation import (
    ListKind,
    RecommendationList,
    RecommendationRule,
    RecommendationSnapshot,
    RuleKind,
)
from styletransfer.models.reference import StyleReference
from styletransfer.models.report import CatalogueReport, PictureMeasure
from styletransfer.models.shopper import Shopper
from styletransfer.models.sign import WorkerSign
from styletransfer.models.taste import PersonalStyle, SnapshotState, StyleTaste, TasteSnapshot
from styletransfer.models.variant import ReviewState, StyledVariant, VariantState

__all__ = [
    "Allocation",
    "Arm",
    "CatalogueReport",
    "ConsentBasis",
    "ConsentRecord",
    "ConsentSource",
    "CreativeExport",
    "Device",
    "EngineSeen",
    "ErasureTombstone",
    "EventKind",
    "Experiment",
    "ExperimentState",
    "Exposure",
    "FoldedSelection",
    "Goal",
    "ListKind",
    "NotedChange",
    "PersonalStyle",
    "PhotoMask",
    "PictureMeasure",
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
    "SnapshotState",
    "Statistics",
    "StopReason",
    "StyleEvent",
    "StylePreset",
    "StylePresetPart",
    "StyleReference",
    "StyleTaste",
    "StyleTotal",
    "StyledVariant",
    "TasteSnapshot",
    "VariantState",
    "WorkerSign",
]
