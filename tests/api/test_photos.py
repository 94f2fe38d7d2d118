"""Photos in a style: by ``?style=``, for whoever may see the model, at a constant number of queries."""

import pytest
from django.core.cache import cache
from django.urls import path
from rest_framework import generics, serializers

from styletransfer.api.choosing import StyledPictures
from styletransfer.api.fields import PictureField
from styletransfer.api.limits import AnonThrottle
from styletransfer.testing import make_variant
from tests.testapp.models import Article, UuidPhoto

pytestmark = pytest.mark.django_db
URL = "/api/photos/testapp.photo/"


@pytest.fixture
def viewer(client_of):
    return client_of("view_photo", "view_uuidphoto", is_staff=False)


def test_the_picture(viewer, make_photo, oil):
    photo = make_photo()
    variant = make_variant(photo, oil, widths=[640])
    (result,) = viewer.get(f"{URL}?style=oil").json()["results"]
    assert (result["id"], result["source"]) == (str(photo.pk), "testapp.photo")
    base = f"http://testserver/media/styled/{variant.recipe[:32]}-640"
    assert result["picture"] == {
        "preset": "oil",
        "state": "ready",
        "is_styled": True,
        "src": f"{base}.jpeg",
        "width": 640,
        "height": 480,
        "alt": "A mug, number 0",
        "placeholder": variant.placeholder,
        "sources": [
            {"type": f"image/{name}", "srcset": [{"url": f"{base}.{name}", "width": 640}]}
            for name in ("avif", "webp", "jpeg")
        ],
        "original": "http://testserver/media/photos/mug-0.jpg",
    }
    assert viewer.get(f"{URL}{photo.pk}/?style=oil").json() == result


def test_the_original_and_the_default(viewer, make_photo, oil, settings):
    photo = make_photo()
    make_variant(photo, oil)
    picture = viewer.get(URL).json()["results"][0]["picture"]
    assert (picture["preset"], picture["state"], picture["sources"]) == (None, "original", [])
    assert picture["src"] == picture["original"]
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DEFAULT_PRESET": "oil"}
    assert viewer.get(URL).json()["results"][0]["picture"]["is_styled"]
    assert not viewer.get(f"{URL}?style=original").json()["results"][0]["picture"]["is_styled"]


def test_the_cookie_changes_nothing(viewer, make_photo, oil):
    make_variant(make_photo(), oil)
    viewer.cookies["styletransfer_style"] = "oil"
    assert viewer.get(URL).json()["results"][0]["picture"]["preset"] is None


@pytest.mark.parametrize("has_photos", [True, False])
def test_an_unknown_style_is_refused_with_the_list(viewer, make_photo, oil, ink, has_photos):
    if has_photos:
        make_photo()
    response = viewer.get(f"{URL}?style=cubism")
    assert response.status_code == 400
    assert response.json() == {"style": ["There is no style “cubism”. Choose one of: original, oil, ink."]}


@pytest.mark.parametrize("number", [1, 24])
def test_the_number_of_queries_is_constant(viewer, make_photo, oil, django_assert_num_queries, number):
    for photo in [make_photo(index) for index in range(number)]:
        make_variant(photo, oil)
    viewer.get(URL)  # the test user's permissions are read once
    with django_assert_num_queries(4):  # presets offered, count, photos, variants
        assert len(viewer.get(f"{URL}?style=oil").json()["results"]) == number


def test_pages(viewer, make_photo):
    for number in range(5):
        make_photo(number)
    first = viewer.get(f"{URL}?page_size=2").json()
    assert (first["count"], len(first["results"])) == (5, 2)
    assert len(viewer.get(first["next"]).json()["results"]) == 2
    assert viewer.get(f"{URL}?page=9").status_code == 404


def test_uuid_keys_and_empty_photos(viewer, oil):
    photo = UuidPhoto.objects.create()
    url = f"/api/photos/testapp.uuidphoto/{photo.pk}/"
    picture = viewer.get(f"{url}?style=oil").json()["picture"]
    assert (picture["src"], picture["original"], picture["state"]) == (None, None, "missing")
    assert viewer.get("/api/photos/testapp.uuidphoto/not-a-uuid/").status_code == 404


def test_who_may_see_photos(api, client_of, make_photo, oil):
    make_photo()
    assert api.get(URL).status_code in (401, 403)
    assert client_of("view_article").get(URL).status_code == 403


@pytest.mark.parametrize("label", ["auth.user", "testapp.article", "x"])
def test_only_registered_models_are_served(viewer, label):
    response = viewer.get(f"/api/photos/{label}/")
    assert response.status_code == 404
    assert response.json() == {"detail": "No photos of that kind are registered."}


class ArticleSerializer(serializers.ModelSerializer):
    picture = PictureField(through="cover")
    in_oil = PictureField(through="cover.image", preset="oil", alt="Painted")

    class Meta:
        model = Article
        fields = ["name", "picture", "in_oil"]


class ArticleList(generics.ListAPIView):
    queryset = Article.objects.order_by("pk")
    serializer_class = ArticleSerializer
    filter_backends = [StyledPictures]
    styled_through = "cover"


class UnpreparedList(generics.ListAPIView):
    queryset = Article.objects.order_by("pk")
    serializer_class = ArticleSerializer


class SlowThrottle(AnonThrottle):
    scope = "slow"
    default_rate = "2/min"


class SlowList(ArticleList):
    throttle_classes = [SlowThrottle]


urlpatterns = [
    path("articles/", ArticleList.as_view()),
    path("unprepared/", UnpreparedList.as_view()),
    path("slow/", SlowList.as_view()),
]


@pytest.fixture
def host_api(settings, api, make_photo, oil, ink):
    settings.ROOT_URLCONF = __name__
    make_variant(make_photo(1), oil)
    make_photo(2)
    Article.objects.create(name="No photo")
    return api


def test_a_hosts_own_serializer(host_api, django_assert_num_queries):
    with django_assert_num_queries(3):  # presets offered, articles with photos, variants
        articles = host_api.get("/articles/?style=oil").json()
    assert [article["picture"]["is_styled"] for article in articles] == [True, False, False]
    assert [article["picture"]["state"] for article in articles] == ["ready", "missing", "missing"]
    assert articles[0]["in_oil"] == {**articles[0]["picture"], "alt": "Painted"}
    assert articles[2]["picture"]["src"] is None
    assert host_api.get("/articles/?style=cubism").status_code == 400


def test_an_unprepared_view_works_too(host_api):
    articles = host_api.get("/unprepared/?style=oil").json()
    assert [article["picture"]["is_styled"] for article in articles] == [True, False, False]
    assert host_api.get("/unprepared/?style=cubism").status_code == 400


def test_rates_are_limited_and_can_be_set(host_api, settings):
    assert [host_api.get("/slow/").status_code for _ in range(3)] == [200, 200, 429]
    cache.clear()
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"slow": "1/min"}}
    assert [host_api.get("/slow/").status_code for _ in range(2)] == [200, 429]
