"""From events to a snapshot: every product's neighbours and the popular lists, as rows that never change.

Only events of shoppers who allow personal pictures now, and did when the event was recorded, are read.
No list tells what one person did: a pair needs two shoppers, and lists hold products alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from styletransfer.conf import get_settings
from styletransfer.models import (
    ErasureTombstone,
    EventKind,
    ListKind,
    Purpose,
    RecommendationList,
    RecommendationSnapshot,
    Shopper,
    StyleEvent,
)
from styletransfer.models.shopper import GRANTED_PREFIX
from styletransfer.personalization.recommendations.popularity import popularity
from styletransfer.personalization.recommendations.ranking import Entries
from styletransfer.personalization.recommendations.similarity import (
    NOBODY,
    BlendedNeighbours,
    Interactions,
    SimilarityModel,
    blend,
    interaction_matrix,
    no_neighbours,
)
from styletransfer.products import ProductModel, all_products

# How much an event says for its product.
EVENT_WEIGHTS = {
    EventKind.CLICK: 0.5,
    EventKind.VIEW: 1.0,
    EventKind.LIKE: 3.0,
    EventKind.ADD_TO_CART: 3.0,
    EventKind.PURCHASE: 5.0,
}
# Days after which an event counts half.
HALF_LIFE = 30.0
NEIGHBOURS = 40
POPULAR = 200
POPULAR_IN_CATEGORY = 60
PURCHASE_SHARE = 0.4
# The newest events of one shopper that count: a robot that opens everything must not shape the shop.
MOST_PER_SHOPPER = 500
ROWS_AT_ONCE = 2000
# Snapshots kept beside the current one, and for how long, for whoever is turning pages.
KEPT_SNAPSHOTS = 2
KEPT_FOR = timedelta(hours=2)

MODELS = {
    "cosine": "styletransfer.personalization.recommendations.similarity.CosineSimilarity",
    "implicit-tfidf": "styletransfer.personalization.recommendations.implicit_models.ImplicitTfIdf",
    "implicit-als": "styletransfer.personalization.recommendations.implicit_models.ImplicitAls",
}


def fit_recommendations(
    *, now: datetime | None = None, forget_others: bool = False
) -> RecommendationSnapshot:
    """Fit every product model, store the lists, make them current, and drop snapshots that nobody reads.

    Args:
        now: the time that ages are counted from.
        forget_others: drop every older snapshot at once, as after an erasure.

    Raises:
        ImproperlyConfigured: ``RECOMMENDER`` names nothing, or what it needs is not installed.
    """
    begun, now = time.perf_counter(), now or timezone.now()
    erased = ErasureTombstone.objects.count()
    model, name = similarity_model(), get_settings().recommender
    snapshot = RecommendationSnapshot.objects.create(recommender=name, created_at=now)
    shoppers: set[int] = set()
    for product in all_products():
        history = _read_events(product, now)
        snapshot.events += len(history.items)
        shoppers |= set(history.shopper_keys)
        fitted = _fit(history, model)
        snapshot.products += int((fitted.found.items[:, 0] != NOBODY).sum())
        _store(snapshot, product, history, fitted)
    snapshot.shoppers = len(shoppers)
    snapshot.seconds = time.perf_counter() - begun
    _publish(snapshot)
    _drop_old(snapshot, timedelta(0) if forget_others else KEPT_FOR, 0 if forget_others else KEPT_SNAPSHOTS)
    if ErasureTombstone.objects.count() != erased:
        # Whoever was erased meanwhile may still be in these lists, and the fit after the erasure is older.
        return fit_recommendations(now=now, forget_others=True)
    return snapshot


def similarity_model() -> SimilarityModel:
    """What ``RECOMMENDER`` names.

    Raises:
        ImproperlyConfigured: it cannot be imported; the text says what to install.
    """
    name = get_settings().recommender
    try:
        if name.startswith("implicit"):
            import implicit  # noqa: F401, PLC0415
        model: SimilarityModel = import_string(MODELS.get(name, name).replace(":", "."))()
    except ImportError as error:
        extra = "implicit" if name.startswith("implicit") else "personalization"
        raise ImproperlyConfigured(
            f'STYLETRANSFER["RECOMMENDER"] is {name!r}, which cannot be used here: {error}. '
            f'Run pip install "django-styletransfer[{extra}]" or choose one of {", ".join(MODELS)}, '
            'or the "module:Class" of your own.'
        ) from error
    return model


@dataclass(frozen=True)
class _History:
    """What shoppers did with one product model.

    Attributes:
        shopper_keys: primary key of each row's shopper.
        keys: primary key, as text, of each column's product.
        categories: category of each product.
        shoppers: row of each event.
        items: column of each event.
        weights: see ``EVENT_WEIGHTS``.
        ages: days.
        is_purchase: whether the event is one.
    """

    shopper_keys: list[int]
    keys: list[str]
    categories: list[str]
    shoppers: NDArray[np.int64]
    items: NDArray[np.int64]
    weights: NDArray[np.float64]
    ages: NDArray[np.float64]
    is_purchase: NDArray[np.bool_]

    @property
    def events(self) -> Interactions:
        """All that shoppers did."""
        shape = (len(self.shopper_keys), len(self.keys))
        return Interactions(self.shoppers, self.items, self.weights, self.ages, shape)


def _read_events(product: ProductModel, now: datetime) -> _History:
    """Events about products that still exist, each shopper's newest."""
    allowing = Shopper.objects.with_consent().filter(**{f"{GRANTED_PREFIX}{Purpose.PERSONALISATION}": True})
    rows = (
        StyleEvent.objects.usable_for(Purpose.PERSONALISATION)
        .filter(
            content_type=ContentType.objects.get_for_model(product.model),
            kind__in=list(EVENT_WEIGHTS),
            occurred_at__gt=now - timedelta(days=get_settings().event_days),
            occurred_at__lte=now,
            shopper__in=allowing.values("pk"),
        )
        .order_by()
        .values_list("shopper_id", "object_id", "kind", "occurred_at")
    )
    shopper_numbers: dict[int, int] = {}
    item_numbers: dict[str, int] = {}
    shoppers, items, weights, ages, bought = [], [], [], [], []
    for shopper, key, kind, occurred_at in rows.iterator(ROWS_AT_ONCE):
        shoppers.append(shopper_numbers.setdefault(shopper, len(shopper_numbers)))
        items.append(item_numbers.setdefault(key, len(item_numbers)))
        weights.append(EVENT_WEIGHTS[EventKind(kind)])
        ages.append((now - occurred_at).total_seconds() / 86400)
        bought.append(kind == EventKind.PURCHASE)
    # In order of key, so that equal events give equal lists whatever order the database found them in.
    keys = sorted(item_numbers)
    order = np.empty(len(keys), np.int64)
    order[[item_numbers[key] for key in keys]] = np.arange(len(keys))
    categories = _categories(product, keys)
    exists = np.array([key in categories for key in keys], bool)
    columns = (np.array(shoppers, np.int64), order[items] if keys else np.zeros(0, np.int64))
    kept = exists[columns[1]] if keys else np.zeros(0, bool)
    kept &= _newest(columns[0], np.array(ages))
    renumbered = np.cumsum(exists) - 1
    return _History(
        shopper_keys=list(shopper_numbers),
        keys=[key for key in keys if key in categories],
        categories=[categories[key] for key in keys if key in categories],
        shoppers=columns[0][kept],
        items=renumbered[columns[1][kept]] if keys else columns[1],
        weights=np.array(weights, np.float64)[kept],
        ages=np.array(ages, np.float64)[kept],
        is_purchase=np.array(bought, bool)[kept],
    )


def _newest(shoppers: NDArray[np.int64], ages: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which events are among the newest ``MOST_PER_SHOPPER`` of their shopper."""
    order = np.lexsort((ages, shoppers))
    ordered = shoppers[order]
    first = np.searchsorted(ordered, ordered)
    kept = np.zeros(len(shoppers), bool)
    kept[order] = np.arange(len(shoppers)) - first < MOST_PER_SHOPPER
    return kept


def _categories(product: ProductModel, keys: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in _chunks(keys):
        found |= product.categories(chunk)
    return found


def _fit(history: _History, model: SimilarityModel) -> BlendedNeighbours:
    events = history.events
    if not len(events.items):
        return no_neighbours(len(history.keys), NEIGHBOURS)
    looks = model.neighbours(interaction_matrix(events, HALF_LIFE), 2 * NEIGHBOURS)
    bought = interaction_matrix(events.chosen(history.is_purchase), HALF_LIFE)
    return blend(looks, model.neighbours(bought, 2 * NEIGHBOURS), NEIGHBOURS, PURCHASE_SHARE)


def _store(
    snapshot: RecommendationSnapshot, product: ProductModel, history: _History, fitted: BlendedNeighbours
) -> None:
    numbers = {name: number for number, name in enumerate(sorted(set(history.categories) - {""}))}
    categories = np.array([numbers.get(name, -1) for name in history.categories], np.int64)
    content_type = ContentType.objects.get_for_model(product.model)
    lists = itertools.chain(
        _neighbour_lists(history, fitted, categories), _popular_lists(product, history, categories)
    )
    rows = (
        RecommendationList(
            snapshot=snapshot, content_type=content_type, kind=kind, key=key, entries=entries.dump()
        )
        for kind, key, entries in lists
    )
    while chunk := list(itertools.islice(rows, ROWS_AT_ONCE)):
        RecommendationList.objects.bulk_create(chunk)


def _neighbour_lists(
    history: _History, fitted: BlendedNeighbours, categories: NDArray[np.int64]
) -> Iterator[tuple[str, str, Entries]]:
    for number, key in enumerate(history.keys):
        known = fitted.found.items[number] != NOBODY
        if known.any():
            near = fitted.found.items[number][known].tolist()
            yield (
                ListKind.NEIGHBOURS,
                key,
                Entries(
                    tuple(history.keys[one] for one in near),
                    tuple(fitted.found.scores[number][known].tolist()),
                    tuple(fitted.is_bought[number][known].tolist()),
                    tuple(categories[near].tolist()),
                ),
            )


def _popular_lists(
    product: ProductModel, history: _History, categories: NDArray[np.int64]
) -> Iterator[tuple[str, str, Entries]]:
    """The popular list of the shop, filled up with what is new, and one for each category."""
    scores = popularity(history.events, HALF_LIFE)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    best = order[:POPULAR].tolist()
    shares = np.log1p(scores) / np.log1p(scores.max(initial=1))
    fresh = _new_products(product, {history.keys[one] for one in best}, POPULAR - len(best))
    yield (
        ListKind.POPULAR,
        "",
        Entries(
            tuple(history.keys[one] for one in best) + tuple(fresh),
            tuple(shares[best].tolist()) + (0.0,) * len(fresh),
            (),
            tuple(categories[best].tolist()) + (-1,) * len(fresh),
        ),
    )
    by_category: dict[str, list[int]] = {}
    for one in order.tolist():
        by_category.setdefault(history.categories[one], []).append(one)
    by_category.pop("", None)
    for name, members in sorted(by_category.items()):
        inside = members[:POPULAR_IN_CATEGORY]
        yield (
            ListKind.CATEGORY,
            name,
            Entries(
                tuple(history.keys[one] for one in inside),
                tuple(shares[inside].tolist()),
                (),
                tuple(categories[inside].tolist()),
            ),
        )


def _new_products(product: ProductModel, known: set[str], count: int) -> list[str]:
    """The newest products for sale that are not in the list yet; one query."""
    newest = product.for_sale().order_by("-pk").values_list("pk", flat=True)[: count + len(known)]
    return [key for key in map(str, newest) if key not in known][:count]


def _publish(snapshot: RecommendationSnapshot) -> None:
    snapshot.is_current = True
    for tries_left in (2, 1, 0):
        try:
            with transaction.atomic():
                RecommendationSnapshot.objects.filter(is_current=True).update(is_current=False)
                snapshot.save()
        except IntegrityError:  # another fit was published at the same moment
            if not tries_left:
                raise
        else:
            return


def _drop_old(current: RecommendationSnapshot, kept_for: timedelta, kept: int) -> None:
    others = RecommendationSnapshot.objects.exclude(pk=current.pk).order_by("-pk")
    stay = others.filter(created_at__gt=current.created_at - kept_for).values_list("pk", flat=True)[:kept]
    gone = list(others.exclude(pk__in=list(stay)).values_list("pk", flat=True))
    # Lists first and by themselves: letting Django collect them would load every row.
    lists = RecommendationList.objects.filter(snapshot__in=gone)
    lists._raw_delete(lists.db)
    RecommendationSnapshot.objects.filter(pk__in=gone).delete()


def _chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(keys)
    while chunk := list(itertools.islice(rest, ROWS_AT_ONCE)):
        yield chunk
