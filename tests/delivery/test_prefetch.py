"""``with_styled`` is lazy, survives chaining and follows relations."""

import pickle
import uuid

import pytest
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Prefetch

from styletransfer import sources
from styletransfer.delivery import Chooser, StyledQuerySet, picture_for, with_styled
from styletransfer.models import StylePreset
from styletransfer.testing import assert_styled_queries, make_variant
from tests.testapp.models import Article, Photo, UuidPhoto

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos(make_photo, oil):
    made = [make_photo(number) for number in range(6)]
    for photo in made:
        make_variant(photo, oil)
    return made


def styled(photos, slug="oil"):
    return [picture_for(photo, slug).is_styled for photo in photos]


def test_nothing_is_asked_before_the_queryset_is(photos, django_assert_num_queries):
    with django_assert_num_queries(0):
        queryset = with_styled(Photo.objects.all(), "oil").filter(alt__contains="3").order_by("-pk")
    with assert_styled_queries(2):
        assert styled(queryset) == [True]


@pytest.mark.parametrize(
    "use",
    [
        lambda page: page.filter(pk__gt=0).exclude(alt="").order_by("-pk")[1:4],
        lambda page: page.all().iterator(chunk_size=100),
        lambda page: [page.order_by("pk").first()],
        lambda page: [page.get(alt__contains="number 2")],
        lambda page: page.in_bulk().values(),
        lambda page: page.select_related("article").using("default"),
    ],
)
def test_it_survives(photos, use):
    with assert_styled_queries(2):
        assert all(styled(use(with_styled(Photo.objects.all(), "oil"))))


def test_pagination(photos):
    paginator = Paginator(with_styled(Photo.objects.order_by("pk"), "oil"), 4)
    with assert_styled_queries(3):  # the count is the paginator's
        assert styled(paginator.page(1).object_list) == [True] * 4


def test_a_sliced_queryset_can_still_be_styled(photos):
    with assert_styled_queries(2):
        assert styled(with_styled(Photo.objects.order_by("pk")[:2], "oil")) == [True, True]


def test_values_are_left_alone(photos):
    with assert_styled_queries(1):
        assert len(list(with_styled(Photo.objects.all(), "oil").values("alt"))) == 6


def test_deferred_columns_stay_deferred(photos):
    photo = with_styled(Photo.objects.only("image", "alt"), "oil").first()
    assert "article_id" in photo.get_deferred_fields()
    assert picture_for(photo, "oil").is_styled


def test_asking_twice_asks_once(photos):
    with assert_styled_queries(2):
        assert all(styled(with_styled(with_styled(Photo.objects.all(), "oil"), "oil")))


def test_several_presets_in_one_query(photos, ink):
    make_variant(photos[0], ink)
    with assert_styled_queries(2):
        page = list(with_styled(Photo.objects.order_by("pk"), ["oil", ink, "original"]))
        assert styled(page, "oil") == [True] * 6
        assert styled(page, "ink") == [True] + [False] * 5
    with assert_styled_queries(3):
        page = list(with_styled(with_styled(Photo.objects.order_by("pk"), "oil"), "ink"))
        assert styled(page, "oil") + styled(page, "ink") == [True] * 7 + [False] * 5


@pytest.mark.parametrize("preset", ["a__b", "_a", "a___b-", "-"])
def test_any_slug_will_do(make_photo, preset):
    photo = make_photo()
    make_variant(photo, StylePreset.objects.create(name="Odd", slug=preset, engine="fake"))
    with assert_styled_queries(2):
        assert styled(with_styled(Photo.objects.all(), preset), preset) == [True]


def test_uuid_keys(oil):
    photos = []
    for number in range(3):
        photo = UuidPhoto(id=uuid.uuid4())
        photo.picture.name = f"photos/{number}.jpg"
        photo.save()
        make_variant(photo, oil)
        photos.append(photo)
    with assert_styled_queries(2):
        assert styled(with_styled(UuidPhoto.objects.all(), "oil")) == [True] * 3


def test_through_a_to_many_relation(photos):
    with assert_styled_queries(3):  # articles, photos, variants
        articles = with_styled(Article.objects.all(), "oil", through="photos")
        assert all(styled(photo for article in articles for photo in article.photos.all()))


def test_inside_the_hosts_own_prefetch(photos):
    ordered = with_styled(Photo.objects.order_by("-pk"), "oil")
    with assert_styled_queries(3):
        articles = Article.objects.prefetch_related(Prefetch("photos", ordered, to_attr="pictures"))
        assert all(styled(photo for article in articles for photo in article.pictures))


def test_through_a_missing_photo(photos):
    Article.objects.create(name="No photo")
    with assert_styled_queries(2):
        articles = list(with_styled(Article.objects.order_by("pk"), "oil", through="cover"))
        assert styled(article.cover for article in articles) == [True] * 6 + [False]


def test_unregistered_models_are_named(oil):
    with pytest.raises(sources.NotASourceError, match=r"testapp\.article"):
        with_styled(Article.objects.all(), "oil")


def test_a_queryset_can_be_pickled(photos):
    page = pickle.loads(pickle.dumps(with_styled(Photo.objects.order_by("pk"), "oil")))
    with assert_styled_queries(0):
        assert all(styled(page))


def test_mixed_into_a_hosts_queryset(photos):
    class PhotoQuerySet(StyledQuerySet):
        def described(self):
            return self.exclude(alt="")

    manager = models.Manager.from_queryset(PhotoQuerySet)()
    manager.model = Photo
    with assert_styled_queries(2):
        assert all(styled(manager.described().with_styled("oil").described()))


def test_a_chooser_decides(photos, rf):
    page = with_styled(Photo.objects.all(), Chooser(rf.get("/?style=oil")))
    with assert_styled_queries(2):
        assert all(styled(page))


def test_a_photo_fetched_alone_costs_one_query_once(photos):
    photo = Photo.objects.select_related("article").first()
    with assert_styled_queries(1):
        assert styled([photo, photo]) == [True, True]
