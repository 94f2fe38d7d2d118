"""What the banner and the "my data" page show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from styletransfer.models import Purpose, Shopper
from styletransfer.personalization.consent import granted, has_privacy_control
from styletransfer.personalization.export import people_of
from styletransfer.personalization.privacy import PersonalModel, registered
from styletransfer.personalization.shoppers import NotTheOwnerError, own_shopper

DESCRIPTIONS: dict[Purpose, str | Promise] = {
    Purpose.PERSONALISATION: _("The shop learns which styles you like and shows you products in them."),
    Purpose.MEASUREMENT: _(
        "The shop compares pictures: which are looked at, and which help people to choose."
    ),
}


@dataclass(frozen=True)
class PurposeChoice:
    """One checkbox."""

    value: str
    name: str
    description: str
    is_granted: bool


@dataclass(frozen=True)
class KeptTable:
    """One line of what is kept.

    Attributes:
        name: what the rows are, in the plural.
        entries: how many there are, in words.
        purposes: why, each once.
        kept: how long, each once.
    """

    name: str
    entries: str
    purposes: list[str]
    kept: list[str]


@dataclass(frozen=True)
class MyData:
    """Everything the page shows about whoever asks."""

    purposes: list[PurposeChoice]
    tables: list[KeptTable]
    has_privacy_control: bool
    is_owner: bool

    @property
    def is_anything_granted(self) -> bool:
        """Whether there is something to withdraw."""
        return any(purpose.is_granted for purpose in self.purposes)


def purpose_choices(shopper: Shopper | None = None) -> list[PurposeChoice]:
    """Every purpose; ticked where the shopper has allowed it."""
    allowed = granted(shopper) if shopper is not None else frozenset()
    return [
        PurposeChoice(one.value, str(one.label), str(DESCRIPTIONS[one]), one in allowed) for one in Purpose
    ]


def my_data(request: Any) -> MyData:
    """What is kept about whoever asks; one query for each registered model."""
    try:
        shopper = own_shopper(request)
    except NotTheOwnerError:
        return MyData(purpose_choices(), [], has_privacy_control(request), is_owner=False)
    tables = []
    if shopper is not None:
        people = people_of(shopper)
        tables = [_table(one, number) for one in registered() if (number := one.rows_of(people).count())]
    return MyData(purpose_choices(shopper), tables, has_privacy_control(request), is_owner=True)


def _table(personal: PersonalModel, number: int) -> KeptTable:
    shown = [field for field in personal.fields.values() if field.is_exported]
    return KeptTable(
        name=str(personal.title or personal.model._meta.verbose_name_plural).capitalize(),
        entries=ngettext("%(number)d entry", "%(number)d entries", number) % {"number": number},
        purposes=list(dict.fromkeys(str(field.purpose) for field in shown)),
        kept=list(dict.fromkeys(str(field.retention.label) for field in shown)),
    )
