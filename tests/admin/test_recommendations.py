"""Rules that staff make for recommendations."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType

from styletransfer import products
from styletransfer.models import RecommendationRule, RecommendationSnapshot
from tests.testapp.models import Article

pytestmark = pytest.mark.django_db

ADD = "/admin/styletransfer/recommendationrule/add/"
RULES = "/admin/styletransfer/recommendationrule/"


@pytest.fixture(autouse=True)
def articles():
    products.register(Article, available="*")
    yield
    products.unregister(Article)


def rule(article, **values):
    content_type = ContentType.objects.get_for_model(Article)
    return {"content_type": content_type.pk, "object_id": article.pk, "kind": "pin", "position": 0, **values}


def test_staff_pin_a_product_for_a_while(admin_client):
    rug = Article.objects.create(name="Woollen rug")
    answer = admin_client.post(
        ADD,
        rule(rug, starts_at_0="2026-01-01", starts_at_1="08:00", ends_at_0="2099-01-01", ends_at_1="08:00"),
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert RecommendationRule.objects.active().get().object_id == str(rug.pk)
    assert "Woollen rug" in admin_client.get(RULES).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"object_id": "9999"}, "There is no product with this key."),
        ({"object_id": "nonsense"}, "There is no product with this key."),
        ({"beside": "9999"}, "There is no product with this key."),
        ({"beside": "itself"}, "A product cannot stand beside itself."),
        (
            {
                "starts_at_0": "2026-02-01",
                "starts_at_1": "0:00",
                "ends_at_0": "2026-01-01",
                "ends_at_1": "0:00",
            },
            "It must end after it starts.",
        ),
    ],
)
def test_rules_that_cannot_work_are_refused(admin_client, values, said):
    rug = Article.objects.create(name="Woollen rug")
    if values.get("beside") == "itself":
        values = {"beside": rug.pk}
    assert said in admin_client.post(ADD, rule(rug, **values)).text
    assert not RecommendationRule.objects.exists()


def test_the_list_names_products_with_one_query(admin_client, django_assert_max_num_queries):
    content_type = ContentType.objects.get_for_model(Article)
    made = [Article.objects.create(name=f"Thing {number}") for number in range(12)]
    for article in made[1:]:
        RecommendationRule.objects.create(
            content_type=content_type, object_id=str(article.pk), kind="pin", beside=str(made[0].pk)
        )
    gone = made[3].pk
    made[3].delete()
    with django_assert_max_num_queries(7):
        page = admin_client.get(RULES).text
    assert "Thing 11" in page
    assert f"{gone} (gone)" in page


def test_fits_are_shown_and_cannot_be_touched(admin_client):
    snapshot = RecommendationSnapshot.objects.create(recommender="cosine", events=12345, is_current=True)
    page = admin_client.get("/admin/styletransfer/recommendationsnapshot/").text
    assert "12345" in page
    address = f"/admin/styletransfer/recommendationsnapshot/{snapshot.pk}/"
    assert admin_client.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/styletransfer/recommendationsnapshot/add/").status_code == 403
