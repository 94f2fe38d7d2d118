"""The staff's side: presets with a live preview, variants, jobs, and the action that restyles a selection."""

from django.contrib import admin

from styletransfer.admin.consents import ConsentRecordAdmin
from styletransfer.admin.experiments import ExperimentAdmin
from styletransfer.admin.jobs import RestyleJobAdmin
from styletransfer.admin.masks import PhotoMaskAdmin
from styletransfer.admin.presets import StylePresetAdmin
from styletransfer.admin.recommendations import RecommendationRuleAdmin, RecommendationSnapshotAdmin
from styletransfer.admin.reports import CatalogueReportAdmin
from styletransfer.admin.restyle_action import RestyleAdminMixin
from styletransfer.admin.taste import TasteSnapshotAdmin
from styletransfer.admin.variants import StyledVariantAdmin
from styletransfer.models import (
    CatalogueReport,
    ConsentRecord,
    Experiment,
    PhotoMask,
    RecommendationRule,
    RecommendationSnapshot,
    RestyleJob,
    StyledVariant,
    StylePreset,
    TasteSnapshot,
)

__all__ = [
    "CatalogueReportAdmin",
    "ConsentRecordAdmin",
    "ExperimentAdmin",
    "PhotoMaskAdmin",
    "RecommendationRuleAdmin",
    "RecommendationSnapshotAdmin",
    "RestyleAdminMixin",
    "RestyleJobAdmin",
    "StylePresetAdmin",
    "StyledVariantAdmin",
    "TasteSnapshotAdmin",
    "register",
]


def register(site: admin.AdminSite) -> None:
    """Add the app's pages to an admin site; done for the default one on import."""
    site.register(StylePreset, StylePresetAdmin)
    site.register(StyledVariant, StyledVariantAdmin)
    site.register(RestyleJob, RestyleJobAdmin)
    site.register(Experiment, ExperimentAdmin)
    site.register(TasteSnapshot, TasteSnapshotAdmin)
    site.register(PhotoMask, PhotoMaskAdmin)
    site.register(CatalogueReport, CatalogueReportAdmin)
    site.register(RecommendationRule, RecommendationRuleAdmin)
    site.register(RecommendationSnapshot, RecommendationSnapshotAdmin)
    site.register(ConsentRecord, ConsentRecordAdmin)


register(admin.site)
