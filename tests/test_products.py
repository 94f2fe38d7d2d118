"""Product models: what is for sale, their photo and category, and registrations that cannot work."""

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from styletransfer import products
from tests.testapp.models import Article, Photo, UuidPhoto


def only_cups(rows):
    return rows.filter(name__startswith="Cup")


@pytest.fixture
def register():
    yield lambda **options: products.register(Article, **options)
    products.unregister(Article)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("*", ["Cup", "Jug", "Cup 2"]),
        ("name='Jug'", ["Jug"]),
        ("name__in=['Jug', 'Cup'], pk__gt=0", ["Cup", "Jug"]),
        ("tests.test_products.only_cups", ["Cup", "Cup 2"]),
        (only_cups, ["Cup", "Cup 2"]),
        (None, []),
    ],
)
def test_rules(db, register, rule, kept):
    for name in ("Cup", "Jug", "Cup 2"):
        Article.objects.create(name=name)
    product = register(available=rule)
    assert [row.name for row in product.for_sale().order_by("pk")] == kept
    assert not product.problems()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"available": "no.such.function"}, "must be lookups"),
        ({"available": "stock__gt=0"}, "Cannot resolve keyword 'stock'"),
        ({"pinned": "name=Cup"}, "quote texts"),
        ({"pinned": "name='Cup"}, "quote texts"),
        ({"category": "department__slug"}, "category='department__slug' is no path"),
        ({"photo": "portrait"}, "photo='portrait' is no path"),
    ],
)
def test_a_registration_that_cannot_work_is_found_by_the_checks(register, options, said):
    register(**options)
    found = [one for one in checks.run_checks(tags=["styletransfer"]) if one.id == "styletransfer.E009"]
    assert len(found) == 1
    assert said in found[0].msg


def test_a_text_that_is_no_rule_is_refused():
    with pytest.raises(ImproperlyConfigured, match="path of a function"):
        products.narrowed(Article.objects.all(), "nonsense")


def test_the_photo_is_found_by_the_source_where_nothing_is_said(db, register):
    article = Article.objects.create(name="Cup")
    first, second = (Photo(article=article, alt=str(number), width=4, height=3) for number in range(2))
    for photo in (first, second):
        photo.image.name = "photos/cup.jpg"
        photo.save()
    product = register()
    assert product.photo_path == "photos"
    assert product.photo_of(article) == first
    article.cover = second
    assert register(photo="cover").photo_of(article) == second
    itself = products.get_product(UuidPhoto)
    assert itself.photo_path is None
    row = UuidPhoto()
    assert itself.photo_of(row) is row


def test_keys_of_another_kind_find_nothing(db):
    product = products.ProductModel(UuidPhoto, available="*")
    assert list(product.listed(["7", "nonsense", ""])) == []
