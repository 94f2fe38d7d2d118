"""Reading the few lists of a snapshot that one answer needs, and the rules of the shop's staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone

from styletransfer.models import (
    ListKind,
    RecommendationList,
    RecommendationRule,
    RecommendationSnapshot,
    RuleKind,
)
from styletransfer.personalization.recommendations.ranking import Entries
from styletransfer.prepared import Prepared
from styletransfer.products import ProductModel


@dataclass(frozen=True)
class Lists:
    """What was read.

    Attributes:
        snapshot: primary key, or None where nothing has been fitted yet, or no longer is there.
        neighbours: by key of the product.
        popular: of the whole shop.
        categories: popular ones by category.
        is_known: whether anything has been fitted of the products that are asked for.
    """

    snapshot: int | None = None
    neighbours: Mapping[str, Entries] = field(default_factory=dict)
    popular: Entries = field(default_factory=Entries)
    categories: Mapping[str, Entries] = field(default_factory=dict)
    is_known: bool = False

    def within(self, category: str) -> Lists:
        """Only products of one category, or else those of others would crowd them out of the ranking."""
        own = self.categories.get(category, Entries())
        number = own.categories[0] if own.categories else None
        return Lists(
            self.snapshot,
            {key: entries.of_category(number) for key, entries in self.neighbours.items()},
            self.popular.of_category(number),
            {category: own},
            bool(own.keys),
        )


def read_lists(
    product: ProductModel, keys: Iterable[str], categories: Iterable[str], snapshot: int | None = None
) -> Lists:
    """Neighbours of these products, popular ones of these categories and of the shop; one query.

    Args:
        product: whose lists.
        keys: of products whose neighbours are wanted.
        categories: names of categories.
        snapshot: primary key of a snapshot; None reads the current one.
    """
    content_type = ContentType.objects.get_for_model(product.model).pk
    wanted = {"content_type": content_type, "keys": list(keys), "categories": list(categories)}
    found = _CURRENT.rows(**wanted) if snapshot is None else _FITTED.rows(snapshot=snapshot, **wanted)
    number, by_kind = None, {kind: dict[str, Entries]() for kind in ListKind}
    for number, kind, key, entries in found:  # noqa: B007  (the same in every row)
        by_kind[ListKind(kind)][key] = Entries.load(entries)
    return Lists(
        number,
        by_kind[ListKind.NEIGHBOURS],
        by_kind[ListKind.POPULAR].get("", Entries()),
        by_kind[ListKind.CATEGORY],
        number is not None,
    )


def _lists(content_type: Any, keys: Any, categories: Any, snapshot: Any = None) -> Any:
    """The query; of the current snapshot where none is named."""
    current = RecommendationSnapshot.objects.filter(is_current=True).values("pk")[:1]
    fitted: Any = current if snapshot is None else snapshot
    return RecommendationList.objects.filter(
        Q(kind=ListKind.POPULAR, key="")
        | Q(kind=ListKind.NEIGHBOURS, key__in=keys)
        | Q(kind=ListKind.CATEGORY, key__in=categories),
        snapshot_id=fitted,
        content_type_id=content_type,
    ).values_list("snapshot_id", "kind", "key", "entries")


_COLUMNS = {"content_type": "content_type", "keys": "key", "categories": "key"}
_CURRENT = Prepared(RecommendationList, _lists, **_COLUMNS)
_FITTED = Prepared(RecommendationList, _lists, snapshot="snapshot", **_COLUMNS)


@dataclass(frozen=True)
class StaffRules:
    """Keys of products that staff want shown first, in their order, and of those never shown."""

    pinned: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()


def read_rules(product: ProductModel, beside: str = "") -> StaffRules:
    """The rules that hold now, everywhere or beside this product; one query."""
    content_type = ContentType.objects.get_for_model(product.model).pk
    rows = _RULES.rows(now=timezone.now(), content_type=content_type, beside=beside)
    pinned, excluded = [], set()
    for key, kind, where in rows:
        if kind == RuleKind.EXCLUDE:
            excluded.add(key)
        # On a product's page its own cross-selling counts, not what is pinned for everybody.
        elif where == beside:
            pinned.append(key)
    return StaffRules(tuple(dict.fromkeys(key for key in pinned if key not in excluded)), frozenset(excluded))


_RULES = Prepared(
    RecommendationRule,
    lambda now, content_type, beside: (
        RecommendationRule.objects.active(now)
        .filter(content_type_id=content_type, beside__in=["", beside])
        .order_by("position", "pk")
        .values_list("object_id", "kind", "beside")
    ),
    now="starts_at",
    content_type="content_type",
    beside="beside",
)
