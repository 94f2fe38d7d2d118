"""The presets endpoint: shoppers see what is offered, staff see all."""

import pytest

from styletransfer.models import StyleReference
from styletransfer.testing import photo_file

pytestmark = pytest.mark.django_db
URL = "/api/presets/"


def test_shoppers_see_what_is_offered(api, oil, ink):
    StyleReference(preset=oil, image=photo_file()).save()
    ink.is_public = False
    ink.save()
    response = api.get(URL)
    assert response.json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "slug": "oil",
                "name": "Oil",
                "description": "",
                "position": 0,
                "is_offered": True,
                "thumbnail": f"http://testserver{oil.references.get().image.url}",
            }
        ],
    }
    assert api.get(f"{URL}ink/").status_code == 404
    assert api.get(f"{URL}oil/").json()["name"] == "Oil"


def test_staff_see_all_but_drafts(client_of, oil, ink):
    type(oil).objects.create(name="Try", slug="draft-1", engine="fake", draft_of=oil)
    ink.is_active = False
    ink.save()
    results = client_of("view_stylepreset").get(URL).json()["results"]
    assert [(preset["slug"], preset["is_offered"]) for preset in results] == [("oil", True), ("ink", False)]


@pytest.mark.parametrize(("permissions", "is_staff"), [([], True), (["view_stylepreset"], False)])
def test_others_do_not(client_of, oil, ink, permissions, is_staff):
    type(oil).objects.filter(slug="ink").update(is_public=False)
    assert client_of(*permissions, is_staff=is_staff).get(URL).json()["count"] == 1


def test_the_number_of_queries_is_constant(api, oil, ink, django_assert_num_queries):
    StyleReference(preset=ink, image=photo_file()).save()
    with django_assert_num_queries(3):
        api.get(URL)
    for number in range(20):
        type(oil).objects.create(name=f"Look {number}", slug=f"look-{number}", engine="fake")
    with django_assert_num_queries(3):
        assert len(api.get(URL).json()["results"]) == 22


def test_it_is_read_only(client_of, oil):
    client = client_of("view_stylepreset", "change_stylepreset", "delete_stylepreset", "add_stylepreset")
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(f"{URL}oil/", {}).status_code == 405
