"""One page of recommendations: read, rank, keep what is for sale, fetch the rows with their pictures.

The number of queries depends neither on the size of the shop nor on how much anybody has done:
history, lists, staff's rules, what is for sale, rows, variants; one more for a ``pinned`` rule of the shop.
The order depends on the snapshot and on the history at the time of the first page alone. What has been
bought, sold out or ruled out since is passed over, so no entry comes twice and none is pushed off a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from styletransfer.conf import get_settings
from styletransfer.delivery.prefetch import PresetLike, with_styled
from styletransfer.models import Shopper
from styletransfer.personalization.recommendations.cursors import BadCursorError, Cursor
from styletransfer.personalization.recommendations.history import History, read_history
from styletransfer.personalization.recommendations.lists import (
    Lists,
    StaffRules,
    read_lists,
    read_rules,
)
from styletransfer.personalization.recommendations.ranking import (
    Entries,
    Ranking,
    ReasonCode,
    Recommended,
    Seed,
    Sign,
    rank,
)
from styletransfer.personalization.recommendations.reasons import reason_text
from styletransfer.products import ProductModel, narrowed

# New products to show before anything has been fitted.
MOST_NEW = 120
MOST_PINNED = 12
PAGE_SIZE = 24


@dataclass(frozen=True)
class Recommendation:
    """One entry of a page.

    Attributes:
        key: primary key of the product as text.
        product: its row, with the variants of its photo prefetched.
        photo: the photo that lists show, or None.
        code: why it is here.
        reason: the same in words.
        because: key of the product of the history that speaks for it, or "".
    """

    key: str
    product: Model
    photo: Model | None
    code: ReasonCode
    reason: str
    because: str


@dataclass(frozen=True)
class Page:
    """Recommendations to show together.

    Attributes:
        entries: in their order.
        is_personal: whether a shopper's history went into the order.
        next: cursor of the next page, or None.
        previous: cursor of the page before, or None.
    """

    entries: tuple[Recommendation, ...]
    is_personal: bool
    next: str | None = None
    previous: str | None = None


def recommendations(
    product: ProductModel,
    shopper: Shopper | None,
    preset: PresetLike,
    *,
    count: int = PAGE_SIZE,
    category: str = "",
    cursor: str = "",
) -> Page:
    """What to show a shopper, or everybody.

    Args:
        product: which model's products.
        shopper: one who allows personal pictures, or None for the list that is the same for all.
        preset: the look of the pictures.
        count: entries on the page.
        category: only products of this category.
        cursor: of an earlier page's ``next`` or ``previous``; "" begins a list.

    Raises:
        BadCursorError: the cursor is not one of this list, or its snapshot is gone.
    """
    now = timezone.now()
    scope = f"{product.label}:{category}"
    begun = Cursor.load(cursor, scope) if cursor else Cursor(0, now, (0,), scope)
    history = read_history(shopper, product, begun.as_of, now) if shopper else History()
    wanted = [category] if category else history.categories()
    seeds = history.seeds
    lists = read_lists(product, (seed.key for seed in seeds), wanted, begun.snapshot or None)
    if cursor and (lists.snapshot or 0) != begun.snapshot:
        raise BadCursorError("This list has been renewed.")
    begun = replace(begun, snapshot=lists.snapshot or 0)
    if category:
        lists = lists.within(category)
    rows = _for_sale(product, category)
    ranked = _ranked(rows, seeds, lists, history.seen)
    rules = _rules(product, rows)
    pinned = () if begun.start else rules.pinned
    shown = _shown(product, rows, [*pinned, *ranked.keys])
    shown -= history.settled | rules.excluded
    first = [Recommended(key, ReasonCode.PINNED) for key in pinned if key in shown][:count]
    chosen, end = _cut(ranked, begun.start, count - len(first), shown - set(rules.pinned))
    starts = begun.starts
    return Page(
        entries=tuple(_entries(product, [*first, *chosen], preset)),
        is_personal=bool(seeds),
        next=replace(begun, starts=(*starts, end)).dump() if end is not None else None,
        previous=replace(begun, starts=starts[:-1]).dump() if len(starts) > 1 else None,
    )


def goes_well_with(
    product: ProductModel, row: Model, preset: PresetLike, *, count: int = 4
) -> list[Recommendation]:
    """What goes with one product, the same for everybody: for the public page of the product.

    By what others looked at and bought together, else what is popular in its category.
    """
    key = str(row.pk)
    category = product.category_of(row)
    lists = read_lists(product, [key], [category] if category else [])
    rows = product.for_sale()
    ranked = _ranked(rows, [Seed(key, 1.0, Sign.LOOKED)], lists, frozenset())
    rules = _rules(product, rows, beside=key)
    shown = _shown(product, rows, [*rules.pinned, *ranked.keys]) - rules.excluded - {key}
    first = [Recommended(one, ReasonCode.PINNED) for one in rules.pinned if one in shown][:count]
    chosen, _ = _cut(ranked, 0, count - len(first), shown - set(rules.pinned))
    return list(_entries(product, [*first, *chosen], preset, is_beside=True))


def _for_sale(product: ProductModel, category: str) -> QuerySet[Any]:
    rows = product.for_sale()
    return rows.filter(**{product.category: category}) if category and product.category else rows


def _ranked(rows: QuerySet[Any], seeds: Sequence[Seed], lists: Lists, seen: frozenset[str]) -> Ranking:
    """The whole list; the newest products where nothing is known of any of them (one query)."""
    popular = lists.popular
    if not lists.is_known:
        newest = tuple(map(str, rows.order_by("-pk").values_list("pk", flat=True)[:MOST_NEW]))
        popular = Entries.new(newest)
    return rank(
        seeds,
        lists.neighbours,
        popular,
        (lists.categories[name] for name in sorted(lists.categories)),
        seen=seen,
        diversity=get_settings().recommendation_diversity,
    )


def _rules(product: ProductModel, rows: QuerySet[Any], beside: str = "") -> StaffRules:
    """Staff's rules, then what the shop's own ``pinned`` rule keeps; that one costs a query."""
    rules = read_rules(product, beside)
    if product.pinned is None or beside:
        return replace(rules, pinned=rules.pinned[:MOST_PINNED])
    own = narrowed(rows, product.pinned).values_list("pk", flat=True)[:MOST_PINNED]
    both = dict.fromkeys((*rules.pinned, *map(str, own)))
    pinned = tuple(key for key in both if key not in rules.excluded)[:MOST_PINNED]
    return replace(rules, pinned=pinned)


def _shown(product: ProductModel, rows: QuerySet[Any], keys: Iterable[str]) -> set[str]:
    """Which of these are for sale; one query of keys alone."""
    valid = [key for key in keys if product.is_key(key)]
    return set(map(str, rows.filter(pk__in=valid).order_by().values_list("pk", flat=True)))


def _cut(
    ranked: Iterable[Recommended], start: int, count: int, shown: set[str]
) -> tuple[list[Recommended], int | None]:
    """At most ``count`` entries from ``start`` on that may be shown, and where the next page starts."""
    chosen: list[Recommended] = []
    for place, one in enumerate(ranked):
        if place < start or one.key not in shown:
            continue
        if len(chosen) == count:
            return chosen, place
        chosen.append(one)
    return chosen, None


def _entries(
    product: ProductModel, chosen: Sequence[Recommended], preset: PresetLike, *, is_beside: bool = False
) -> Iterable[Recommendation]:
    """The rows with their pictures and reasons; one query, and one for the variants."""
    if not chosen:
        return
    keys = {one.key for one in chosen} | {one.because for one in chosen if one.because}
    rows = product.listed(keys)
    if product.has_photo:
        rows = with_styled(rows, preset, through=product.photo_path)
    found = {str(row.pk): row for row in rows}
    for one in chosen:
        row = found.get(one.key)
        if row is None:  # deleted since the query before
            continue
        because = found.get(one.because)
        text = reason_text(
            one.reason,
            product=str(because) if because is not None else "",
            category=product.category_label(row),
            is_beside=is_beside,
        )
        yield Recommendation(one.key, row, product.photo_of(row), one.reason, text, one.because)
