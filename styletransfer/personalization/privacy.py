"""The registry of personal data: every field of every model that leads to a person, why it is kept, how long.

Export, erasure, merging and retention work from this registry alone, so a model that is registered takes
part in all four, and a test fails for one that is not registered. A later layer registers its own models in
``AppConfig.ready``::

    privacy.register(
        PersonalModel(
            ShopperTaste,
            fields={"weights": Field("The style the shop chooses for you.", Retention.PROFILE), ...},
        )
    )
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from styletransfer.conf import get_settings
from styletransfer.models import Shopper

logger = logging.getLogger(__name__)

Text = str | Promise


class Retention(Enum):
    """How long a field is kept; days are settings."""

    EVENTS = "events"  # EVENT_DAYS, then daily totals
    PROFILE = "profile"  # PROFILE_DAYS after the shopper was last seen
    PROOF = "proof"  # as long as the shopper: proof of consent
    HOST = "host"  # as long as the row it belongs to: the shop's own records
    FOREVER = "forever"  # no personal data once the person is erased

    @property
    def label(self) -> str:
        """For the privacy page and the export, with the days that are set."""
        configured = get_settings()
        return str(_LABELS[self]) % {"events": configured.event_days, "profile": configured.profile_days}


_LABELS: dict[Retention, Text] = {
    Retention.EVENTS: _("%(events)d days, then only daily totals without you in them"),
    Retention.PROFILE: _("%(profile)d days after your last visit"),
    Retention.PROOF: _("as long as your profile, as proof of what you decided"),
    Retention.HOST: _("as long as the record it belongs to"),
    Retention.FOREVER: _("for good, without anything that leads to you"),
}


class Erasure(Enum):
    """What erasing a person does to the rows that lead to them."""

    DELETE = "delete"
    UNLINK = "unlink"  # the row stays, the link to the person is emptied


@dataclass(frozen=True)
class Field:
    """Why one field is kept and for how long; ``is_exported`` is off for keys that mean nothing outside."""

    purpose: Text
    retention: Retention
    is_exported: bool = True


# (shopper that goes, shopper that stays): called in the transaction that merges them.
Merge = Callable[[Shopper, Shopper], None]
# Given rows that are about to be deleted for their age: adds them up into what leads to nobody.
Summarise = Callable[[Sequence[Any]], None]


@dataclass(frozen=True)
class PersonalModel:
    """One model whose rows lead to a person.

    Attributes:
        model: the model class.
        fields: every concrete field of the model by name, keys and links included.
        subject: ORM path from a row to the ``Shopper``; the paths ``user`` and ``*_by`` style links to the
            account go into ``account``.
        account: names of links to the account (``AUTH_USER_MODEL``), for rows that know no shopper.
        erasure: whether erasing deletes the rows or empties the links of ``account``.
        merge: moves rows at login; left out, ``subject`` is pointed to the account's shopper. Needed where
            a unique constraint includes the subject.
        dated: name of the field whose age counts, for models of which single rows are kept for only
            ``EVENT_DAYS``; None keeps rows as long as their shopper.
        title: what the rows are, as the shopper reads it; the model's plural name if None.
        summarise: called with the rows that retention is about to delete, in the same transaction.
    """

    model: type[Model]
    fields: Mapping[str, Field] = field(default_factory=dict)
    subject: str | None = "shopper"
    account: tuple[str, ...] = ()
    erasure: Erasure = Erasure.DELETE
    merge: Merge | None = None
    dated: str | None = None
    summarise: Summarise | None = None
    title: Text | None = None

    @property
    def label(self) -> str:
        """``app_label.model_name``, as the export names it."""
        return self.model._meta.label_lower

    def rows_of(self, shoppers: list[Shopper]) -> QuerySet[Any]:
        """Every row that leads to these shoppers or their accounts."""
        condition = Q()
        if self.subject is not None:
            condition |= Q(**{f"{self.subject}__in": [shopper.pk for shopper in shoppers]})
        users = [shopper.user_id for shopper in shoppers if shopper.user_id is not None]
        for name in self.account:
            condition |= Q(**{f"{name}__in": users})
        return self.model._default_manager.filter(condition)


_registry: dict[type[Model], PersonalModel] = {}
# Called after an erasure, outside its transaction, with nothing that tells who was erased.
_erasure_hooks: dict[str, Callable[[], None]] = {}
# Called after a merge of two shoppers' rows, inside its transaction.
_merge_hooks: dict[str, Merge] = {}


def register(personal: PersonalModel) -> PersonalModel:
    """Declare a model; call it from ``AppConfig.ready``. Replaces.

    Raises:
        ValueError: a field of the model is not declared, or one that is declared does not exist.
    """
    names = {one.name for one in personal.model._meta.local_concrete_fields}
    missing, strange = sorted(names - set(personal.fields)), sorted(set(personal.fields) - names)
    if missing or strange:
        raise ValueError(
            f"Declare a purpose and a retention for every field of {personal.label}: "
            f"missing {', '.join(missing) or 'none'}; unknown {', '.join(strange) or 'none'}."
        )
    if personal.subject is None and not personal.account:
        raise ValueError(f"{personal.label} needs a subject or an account that leads to a person.")
    _registry[personal.model] = personal
    return personal


def unregister(model: type[Model]) -> None:
    """Forget a declaration."""
    _registry.pop(model, None)


def registered() -> Iterator[PersonalModel]:
    """Every declared model, in order of registration."""
    yield from tuple(_registry.values())


def register_erasure_hook(name: str, hook: Callable[[], None]) -> None:
    """Call ``hook()`` after every erasure: to fit anew what was learnt with the erased data. Replaces."""
    _erasure_hooks[name] = hook


def register_merge_hook(name: str, hook: Merge) -> None:
    """Call ``hook(old, kept)`` in the transaction that merges two shoppers, after rows moved. Replaces."""
    _merge_hooks[name] = hook


def unregister_hooks(name: str) -> None:
    """Forget the erasure hook and the merge hook of this name."""
    _erasure_hooks.pop(name, None)
    _merge_hooks.pop(name, None)


def run_erasure_hooks() -> None:
    """Tell every later layer that somebody was erased; a hook that fails does not stop the others."""
    for name, hook in tuple(_erasure_hooks.items()):
        try:
            hook()
        except Exception:
            logger.exception("After an erasure, %s could not be brought up to date; run it by hand.", name)


def merge_registered(old: Shopper, kept: Shopper) -> None:
    """Move the rows of every declared model from one shopper to another, then run the merge hooks."""
    for personal in registered():
        if personal.merge is not None:
            personal.merge(old, kept)
        elif personal.subject is not None and "__" not in personal.subject and personal.model is not Shopper:
            personal.model._default_manager.filter(**{personal.subject: old}).update(
                **{personal.subject: kept}
            )
    for hook in tuple(_merge_hooks.values()):
        hook(old, kept)
