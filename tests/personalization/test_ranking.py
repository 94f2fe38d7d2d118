"""One shopper's list: seeds, reasons, exclusions, diversity, and the same list again for the same input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from styletransfer.personalization.recommendations.diversity import diversified
from styletransfer.personalization.recommendations.ranking import (
    Deed,
    Entries,
    ReasonCode,
    Sign,
    rank,
    seeds_of,
)

NEIGHBOURS = {
    "cup": Entries(("saucer", "jug", "teapot"), (0.9, 0.5, 0.4), (True, False, False), (0, 0, 0)),
    "lamp": Entries(("bulb", "shade"), (0.6, 0.5), (), (1, 1)),
}
POPULAR = Entries(("chair", "jug", "fresh"), (1.0, 0.5, 0.0), (), (2, 0, -1))


def deed(key, sign=Sign.LOOKED, age=0.0, category=""):
    return Deed(key, category, sign, age)


def ranked(history, *, seen=None, diversity=0.0, in_categories=()):
    seen = frozenset(one.key for one in history) if seen is None else seen
    found = rank(seeds_of(history), NEIGHBOURS, POPULAR, in_categories, seen=seen, diversity=diversity)
    listed = list(found)
    assert sorted(one.key for one in listed) == sorted(found.keys)
    return listed


def test_what_was_done_lately_and_in_earnest_weighs_most():
    history = [
        deed("old", Sign.BOUGHT, 140),
        deed("cup"),
        deed("cup"),
        deed("lamp", Sign.CARTED, 1),
        deed("rug", Sign.LIKED),
        deed("rug", Sign.DISLIKED),
    ]
    seeds = seeds_of(history)
    assert [(seed.key, seed.sign) for seed in seeds] == [
        ("lamp", Sign.CARTED),
        ("cup", Sign.LOOKED),
        ("old", Sign.BOUGHT),
    ]


def test_every_entry_says_why():
    found = {one.key: one for one in ranked([deed("cup"), deed("lamp", Sign.BOUGHT, 3)])}
    assert (found["saucer"].reason, found["saucer"].because) == (ReasonCode.BOUGHT_TOGETHER, "cup")
    assert (found["teapot"].reason, found["teapot"].because) == (ReasonCode.VIEWED, "cup")
    assert (found["bulb"].reason, found["bulb"].because) == (ReasonCode.BOUGHT, "lamp")
    assert (found["chair"].reason, found["chair"].because) == (ReasonCode.POPULAR, "")
    assert found["fresh"].reason is ReasonCode.NEW


def test_without_a_history_the_popular_come_in_their_order():
    found = ranked([])
    assert [one.key for one in found] == ["chair", "jug", "fresh"]


def test_a_category_that_is_looked_at_lends_its_own_bestsellers():
    kitchen = Entries(("kettle", "chair"), (1.0, 0.2), (), (0, 2))
    found = {one.key: one.reason for one in ranked([deed("cup")], in_categories=[kitchen])}
    assert found["kettle"] is ReasonCode.POPULAR_IN_CATEGORY
    assert found["chair"] is ReasonCode.POPULAR


def test_what_was_looked_at_already_comes_later():
    assert ranked([deed("cup")])[0].key == "saucer"
    later = [one.key for one in ranked([deed("cup")], seen=frozenset(["saucer"]))]
    assert later.index("jug") < later.index("saucer")


def test_the_same_input_gives_the_same_list():
    history = [deed("cup"), deed("lamp")]
    assert ranked(history, diversity=0.3) == ranked(list(history), diversity=0.3)


def test_diversity_lets_another_interest_in_early():
    history = [deed("cup", Sign.BOUGHT), deed("lamp")]
    alike = [one.key for one in ranked(history)][:3]
    diverse = [one.key for one in ranked(history, diversity=0.5)][:3]
    assert alike == ["saucer", "jug", "teapot"]
    assert diverse[0] == "saucer"
    assert diverse[1] == "bulb"


def test_maximal_marginal_relevance_by_hand():
    relevance = np.array([1.0, 0.9, 0.5], np.float32)
    profiles = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    none = np.full(3, -1, np.int32)
    assert list(diversified(relevance, profiles, none, diversity=0)) == [0, 1, 2]
    # Second choice: 0.5 * 0.9 - 0.5 * 1 is below 0.5 * 0.5 - 0.
    assert list(diversified(relevance, profiles, none, diversity=0.5)) == [0, 2, 1]
    # The third shares the first one's category: 0.25 - 0.5 * 0.8 is below 0.45 - 0.5 * 0.0.
    apart = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    categories = np.array([4, -1, 4], np.int32)
    order = list(diversified(relevance, apart, categories, diversity=0.5, same_category=0.8))
    assert order == [0, 1, 2]


def test_diversity_of_nothing():
    empty = np.zeros(0, np.float32)
    assert not list(diversified(empty, np.zeros((0, 1), np.float32), np.zeros(0, np.int32), diversity=0.5))


def test_new_products_keep_their_order_and_asking_for_more_changes_nothing():
    keys = tuple(f"new {number}" for number in (9, 10, 2, 30))
    found = rank([], {}, Entries.new(keys), (), seen=frozenset(), diversity=0.3)
    assert [one.key for one in found] == list(keys)
    many = rank(seeds_of([deed("cup")]), NEIGHBOURS, POPULAR, (), seen=frozenset(), diversity=0.3)
    first = list(itertools.islice(many, 2))
    assert list(many)[:2] == first


def test_lists_survive_storing_to_a_thousandth():
    entries = Entries(("a", "b"), (0.12345, 0.0001), (True, False), (3, -1))
    loaded = Entries.load(entries.dump())
    assert loaded.keys == entries.keys
    assert loaded.scores == pytest.approx((0.123, 0.001))
    assert loaded.is_bought == (True, False)
    assert Entries.load(POPULAR.dump()) == POPULAR
