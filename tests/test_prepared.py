"""A prepared query finds what the queryset finds, and is compiled once for values of about one size."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils import timezone

from styletransfer.models import ConsentRecord, Purpose, Shopper
from styletransfer.prepared import Prepared

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture(autouse=True)
def shoppers():
    """Thirty, one a day, every third of whom allows something."""
    made = Shopper.objects.bulk_create(
        [Shopper(picked_style=f"look-{day}", last_seen_at=NOW - timedelta(days=day)) for day in range(30)]
    )
    for shopper in made[::3]:
        ConsentRecord.objects.create(
            shopper=shopper, purpose=Purpose.MEASUREMENT, granted=True, version="1", source="page"
        )
    return made


def of_styles(styles, since):
    return (
        Shopper.objects.filter(Q(picked_style__in=styles) | Q(picked_style="look-29"), last_seen_at__gt=since)
        .order_by("-last_seen_at")
        .values_list("key", "last_seen_at", "picked_style")
    )


@pytest.fixture
def compiled():
    """The query, and a list that gets an entry each time it is built."""
    times = []

    def build(**slots):
        times.append(len(slots["styles"]))
        return of_styles(**slots)

    return Prepared(Shopper, build, styles="picked_style", since="last_seen_at"), times


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 20])
def test_rows_are_those_of_the_queryset(compiled, count):
    prepared, _times = compiled
    for days in (3, 50):
        styles, since = [f"look-{day}" for day in range(count)], NOW - timedelta(days=days)
        found = prepared.rows(styles=styles, since=since)
        assert [tuple(row) for row in found] == list(of_styles(styles, since))
    assert found


def test_it_is_built_once_for_eight_sizes_of_a_list(compiled):
    prepared, times = compiled
    for count in (1, 8, 3, 9, 16, 0, 0):
        prepared.rows(styles=[f"look-{day}" for day in range(count)], since=NOW)
    assert times == [8, 16, 0]


def test_a_query_that_can_find_nothing_asks_nothing(django_assert_num_queries):
    prepared = Prepared(
        Shopper, lambda keys: Shopper.objects.filter(pk__in=keys).values_list("pk"), keys="id"
    )
    with django_assert_num_queries(0):
        assert prepared.rows(keys=[]) == []
    key = Shopper.objects.first().pk
    with django_assert_num_queries(1):
        assert prepared.rows(keys=[key]) == [(key,)]
    assert list(Prepared(Shopper, Shopper.objects.none).instances()) == []


def test_instances_carry_annotations_and_leave_deferred_fields_to_be_read(shoppers):
    granted = ConsentRecord.objects.filter(shopper=OuterRef("pk"))
    is_recent = ExpressionWrapper(Q(last_seen_at__gt=NOW - timedelta(days=2)), BooleanField())

    def build(key):
        rows = Shopper.objects.filter(key=key).annotate(allows=Exists(granted), is_recent=is_recent)
        return rows.only("key", "created_at")

    prepared = Prepared(Shopper, build, key="key")
    for shopper in shoppers[:4]:
        (found,), (expected,) = prepared.instances(key=shopper.key), build(shopper.key)
        assert found == expected
        assert (found.allows, found.is_recent) == (expected.allows, expected.is_recent)
        assert found.allows is (shopper in shoppers[::3])
        assert (found.key, found.created_at) == (expected.key, expected.created_at)
        assert found.get_deferred_fields() == expected.get_deferred_fields()
        assert (found._state.db, found._state.adding) == ("default", False)
        assert found.picked_style == shopper.picked_style
