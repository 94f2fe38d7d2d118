"""What experiments keep about people: entries for the registry of personal data."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from styletransfer.experiments.exposures import merge_exposures
from styletransfer.models import CreativeExport, Experiment, Exposure
from styletransfer.personalization.privacy import Erasure, Field, PersonalModel, Retention, Text, register


def declare() -> None:
    """Register the models of experiments that lead to a person."""
    measure, kept = _("To measure which look sells better."), Retention.PROFILE
    names = ("id", "experiment", "arm", "shopper")
    register(
        PersonalModel(
            Exposure,
            title=_("Looks you were shown in comparisons"),
            fields={
                **{name: Field(measure, kept, is_exported=name in ("experiment", "arm")) for name in names},
                **{
                    name: Field(measure, kept)
                    for name in ("propensity", "seen_at", "counted_until", "conflicted_at")
                },
            },
            merge=merge_exposures,
        )
    )
    _staff(Experiment, "created_by", _("Who planned an experiment, for the shop's staff."))
    _staff(CreativeExport, "requested_by", _("Who asked for ad pictures, for the shop's staff."))


def _staff(model: type[Experiment] | type[CreativeExport], link: str, text: Text) -> None:
    work = _("The shop's own work; says nothing about you.")
    fields = {
        field.name: Field(work, Retention.HOST, is_exported=False)
        for field in model._meta.local_concrete_fields
    }
    fields[link] = Field(text, Retention.HOST)
    register(PersonalModel(model, subject=None, account=(link,), erasure=Erasure.UNLINK, fields=fields))
