"""Item-item similarity against the textbook formula, and what keeps one person's deeds out of it."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest

pytest.importorskip(
    "scipy", reason="fitting needs scipy: pip install 'django-styletransfer[personalization]'"
)

from styletransfer.personalization.recommendations import similarity
from styletransfer.personalization.recommendations.popularity import popularity
from styletransfer.personalization.recommendations.similarity import (
    NOBODY,
    CosineSimilarity,
    Interactions,
    Neighbours,
    blend,
    interaction_matrix,
)


def events(rows, shape):
    """From (shopper, product, weight, age in days)."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Interactions(columns[0], columns[1], columns[2].astype(float), columns[3].astype(float), shape)


def random_matrix(shoppers=60, products=40, seed=3):
    draw = np.random.default_rng(seed)
    count = 900
    made = Interactions(
        draw.integers(0, shoppers, count),
        draw.integers(0, products, count),
        draw.uniform(1, 5, count),
        draw.uniform(0, 60, count),
        (shoppers, products),
    )
    return interaction_matrix(made, 30)


def test_an_event_counts_half_after_its_half_life_and_repeats_saturate():
    matrix = interaction_matrix(events([(0, 0, 1, 0), (1, 0, 1, 30), (2, 0, 1, 0), (2, 0, 1, 0)], (3, 1)), 30)
    breadth = math.sqrt(2)
    expected = [math.log1p(1) / breadth, math.log1p(0.5) / breadth, math.log1p(2) / breadth]
    assert matrix.toarray()[:, 0] == pytest.approx(expected)


def test_neighbours_equal_the_formula_written_out(monkeypatch):
    monkeypatch.setattr(similarity, "BLOCK", 7)
    matrix = random_matrix()
    found = CosineSimilarity(shrinkage=5, support=2).neighbours(matrix, 6)
    dense = matrix.toarray()
    touched = dense > 0
    for product in range(dense.shape[1]):
        scores = []
        for other in range(dense.shape[1]):
            shared = int((touched[:, product] & touched[:, other]).sum())
            if other == product or shared < 2:
                continue
            lengths = np.linalg.norm(dense[:, product]) * np.linalg.norm(dense[:, other])
            cosine = float(dense[:, product] @ dense[:, other]) / lengths
            scores.append((-cosine * shared / (shared + 5), other))
        best = sorted(scores)[:6]
        assert found.scores[product][: len(best)] == pytest.approx([-score for score, _ in best], abs=1e-6)
        assert set(found.items[product]) - {NOBODY} <= {other for _, other in scores}


def test_a_pair_that_one_shopper_made_is_not_told():
    rows = [(0, 0, 1, 0), (0, 1, 1, 0), (1, 2, 1, 0), (1, 3, 1, 0), (2, 2, 1, 0), (2, 3, 1, 0)]
    matrix = interaction_matrix(events(rows, (3, 4)), 30)
    found = CosineSimilarity(shrinkage=0, support=2).neighbours(matrix, 2)
    assert found.items.tolist() == [[NOBODY] * 2, [NOBODY] * 2, [3, NOBODY], [2, NOBODY]]
    assert found.scores[2] == pytest.approx([1, 0])


def test_agreement_of_many_outranks_agreement_of_few():
    few = [(shopper, product, 1, 0) for shopper in range(2) for product in (0, 1)]
    many = [(shopper, product, 1, 0) for shopper in range(2, 30) for product in (0, 2)]
    found = CosineSimilarity().neighbours(interaction_matrix(events(few + many, (30, 3)), 30), 2)
    assert found.items[0].tolist() == [2, 1]


def test_products_that_nobody_touched_have_no_neighbours():
    matrix = interaction_matrix(events([(0, 0, 1, 0), (1, 0, 1, 0)], (2, 5)), 30)
    assert (CosineSimilarity().neighbours(matrix, 3).items == NOBODY).all()


def test_blend_adds_up_and_says_where_purchases_decide():
    looks = Neighbours(
        np.array([[1, 2], [0, NOBODY], [0, NOBODY]]), np.array([[0.8, 0.6], [0.8, 0], [0.6, 0]])
    )
    sales = Neighbours(np.array([[2], [NOBODY], [0]]), np.array([[0.9], [0], [0.9]]))
    blended = blend(looks, sales, 2, 0.5)
    assert blended.found.items[0].tolist() == [2, 1]
    assert blended.found.scores[0] == pytest.approx([0.75, 0.4])
    assert blended.is_bought.tolist() == [[True, False], [False, False], [True, False]]


def test_one_fan_makes_no_bestseller():
    fan = [(0, 0, 5, 0)] * 40
    crowd = [(shopper, 1, 1, 0) for shopper in range(1, 9)]
    stale = [(shopper, 2, 1, 90) for shopper in range(1, 9)]
    found = popularity(events(fan + crowd + stale, (9, 4)), 30)
    assert found.tolist() == pytest.approx([6, 8, 1, 0])


@pytest.mark.parametrize("name", ["ImplicitTfIdf", "ImplicitAls"])
@pytest.mark.skipif(
    importlib.util.find_spec("implicit") is None,
    reason="implicit is not installed: pip install 'django-styletransfer[implicit]'",
)
def test_implicit_finds_the_same_groups(name):
    """Two groups of products, each touched by shoppers of its own."""
    from styletransfer.personalization.recommendations import implicit_models

    draw = np.random.default_rng(1)
    rows = [
        (shopper, 10 * (shopper % 2) + int(product), 1, 0)
        for shopper in range(80)
        for product in draw.choice(10, 5, replace=False)
    ]
    matrix = interaction_matrix(events([*rows, (0, 20, 1, 0), (0, 15, 1, 0)], (80, 21)), 30)
    found = getattr(implicit_models, name)(threads=1).neighbours(matrix, 4)
    assert found.items.shape == (21, 4)
    for product in range(20):
        near = found.items[product][found.items[product] != NOBODY]
        assert len(near)
        assert {one // 10 for one in near.tolist()} == {product // 10}
    assert (found.items[20] == NOBODY).all()  # shared with one shopper only
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert found.scores.max() <= 1
