"""What the app itself keeps about people: the registry's entries for its own models."""

from __future__ import annotations

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from styletransfer.models import (
    CatalogueReport,
    ConsentRecord,
    PersonalStyle,
    PhotoMask,
    RestyleJob,
    Shopper,
    StyledVariant,
    StyleEvent,
    StyleTaste,
    TasteSnapshot,
)
from styletransfer.personalization.privacy import (
    Erasure,
    Field,
    PersonalModel,
    Retention,
    Text,
    register,
)
from styletransfer.personalization.taste.profiles import merge_histories
from styletransfer.personalization.totals import add_up


def _same(text: Text, retention: Retention, *names: str) -> dict[str, Field]:
    return {name: Field(text, retention) for name in names}


def _link(text: Text, retention: Retention, *names: str) -> dict[str, Field]:
    return {name: Field(text, retention, is_exported=False) for name in names}


def declare() -> None:
    """Register the app's own models; called when Django has loaded them all."""
    register(_shopper())
    register(_consent())
    register(_event())
    register(_taste())
    register(_personal_style())
    register(_staff(RestyleJob, "requested_by", _("Who asked for a restyling job, for the shop's staff.")))
    register(_staff(StyledVariant, "reviewed_by", _("Who reviewed a painting, for the shop's staff.")))
    register(_staff(CatalogueReport, "requested_by", _("Who asked for a report, for the shop's staff.")))
    register(_staff(PhotoMask, "drawn_by", _("Who drew on a photo, for the shop's staff.")))
    register(_staff(TasteSnapshot, "promoted_by", _("Who put a taste policy live, for the shop's staff.")))


def _shopper() -> PersonalModel:
    recognise, kept = _("To recognise you after you allowed it."), Retention.PROFILE
    return PersonalModel(
        Shopper,
        title=_("Your key and your pick"),
        subject="pk",
        fields={
            **_link(recognise, kept, "id", "user", "merged_into"),
            **_same(recognise, kept, "key", "created_at"),
            **_same(_("To forget you when you have not come back."), kept, "last_seen_at"),
            **_same(_("To show the style you picked."), kept, "picked_style", "picked_at"),
        },
    )


def _consent() -> PersonalModel:
    text, kept = _("To prove what you allowed and refused."), Retention.PROOF
    return PersonalModel(
        ConsentRecord,
        title=_("Your decisions"),
        fields={
            **_link(text, kept, "id", "shopper"),
            **_same(text, kept, "purpose", "granted", "version", "source", "decided_at"),
        },
    )


def _event() -> PersonalModel:
    taste = _("To learn which pictures you like.")
    decided = _("To measure fairly how a style was chosen.")
    asked = _("To use it only for what you allowed.")
    kept = Retention.EVENTS
    return PersonalModel(
        StyleEvent,
        title=_("What you looked at, liked and bought"),
        dated="occurred_at",
        summarise=add_up,
        fields={
            **_link(taste, kept, "shopper", "preset"),
            **_same(taste, kept, "id", "kind", "content_type", "object_id", "style", "category", "quantity"),
            **_same(taste, kept, "value", "currency", "device", "occurred_at", "received_at"),
            **_same(asked, kept, "consent_basis"),
            **_same(decided, kept, "surface", "candidates", "propensity", "policy", "seed", "impression_id"),
        },
    )


def _taste() -> PersonalModel:
    text, kept = _("To choose a style that you like."), Retention.PROFILE
    return PersonalModel(
        StyleTaste,
        title=_("Which styles you took to"),
        fields={**_link(text, kept, "id", "shopper"), **_same(text, kept, "history", "as_of")},
        merge=merge_histories,
    )


def _personal_style() -> PersonalModel:
    text, kept = _("To paint pictures in a style mixed for you."), Retention.PROFILE
    return PersonalModel(
        PersonalStyle,
        title=_("Styles mixed for you"),
        fields={**_link(text, kept, "id", "shopper"), **_same(text, kept, "preset", "created_at")},
    )


def _staff(model: type[Model], link: str, text: Text) -> PersonalModel:
    """A model of the shop's own work, of which only the link to a member of staff is personal."""
    names = [field.name for field in model._meta.local_concrete_fields]
    work = _("The shop's own work; says nothing about you.")
    fields = _link(work, Retention.HOST, *names) | _same(text, Retention.HOST, link)
    return PersonalModel(model, subject=None, account=(link,), erasure=Erasure.UNLINK, fields=fields)
