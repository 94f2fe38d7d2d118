"""From the host's list through the confirm page to a job: true counts, rights, one job per confirmation."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from styletransfer.models import RestyleJob, StyledVariant, VariantState
from styletransfer.testing import photo_file
from tests.testapp.models import Article, Photo, UuidPhoto

ARTICLES = "admin:testapp_article_changelist"
PHOTOS = "admin:testapp_photo_changelist"
UUIDS = "admin:testapp_uuidphoto_changelist"


def select(client, url, rows=(), *, across=False, query=""):
    """Run the action as the changelist does; returns the address of the confirm page."""
    data = {
        "action": "restyle_selected",
        "select_across": "1" if across else "0",
        # The changelist wants a ticked row even when all are meant, as its header's box ticks them.
        "_selected_action": [row.pk for row in rows] or [0],
    }
    answer = client.post(f"{reverse(url)}{query}", data)
    assert answer.status_code == 302
    return answer["Location"]


def confirm(client, url, *presets, **values):
    page = client.get(url)
    seen = page.context["seen"]
    return client.post(url, {"seen": seen, "presets": [preset.pk for preset in presets], **values})


def many_photos(number):
    article = Article.objects.create(name="Shelf")
    Photo.objects.bulk_create(
        Photo(article=article, image=f"photos/{place}.jpg", width=8, height=8) for place in range(number)
    )


def test_products_lead_to_their_photos_and_to_a_job(boss, make_preset, make_photo, drain):
    photos, oil, ink = [make_photo(number) for number in range(3)], make_preset("oil"), make_preset("ink")
    url = select(boss, ARTICLES, [photos[0].article, photos[1].article])
    page = boss.get(url)
    text = page.content.decode()
    assert "<strong>2 photos</strong>" in text
    assert "from 2 articles" in text
    assert photos[0].image.url in text
    assert photos[2].image.url not in text
    answer = confirm(boss, url, oil, ink)
    job = RestyleJob.objects.get()
    assert answer["Location"] == reverse("admin:styletransfer_restylejob_change", args=[job.pk])
    assert set(job.items.values_list("object_id", flat=True)) == {str(photo.pk) for photo in photos[:2]}
    assert set(job.presets.all()) == {oil, ink}
    assert job.selection == "2 articles"
    assert job.requested_by is not None
    assert LogEntry.objects.get().change_message == "Requested: 2 articles."
    drain()
    assert StyledVariant.objects.filter(state=VariantState.READY).count() == 4


def test_confirm_page_counts_what_is_ready(boss, make_preset, make_photo, restyle):
    photos, oil, ink = [make_photo(number) for number in range(2)], make_preset("oil"), make_preset("ink")
    restyle(photos, oil)
    restyle(photos[:1], ink)
    page = boss.get(select(boss, PHOTOS, photos))
    assert {card["preset"]: card["ready"] for card in page.context["cards"]} == {oil: 2, ink: 1}
    assert "All ready: nothing to paint" in page.content.decode()


def test_uuid_photos_are_counted_and_restyled(boss, make_preset, drain):
    photo = UuidPhoto.objects.create(picture=photo_file("u.jpg"))
    UuidPhoto.objects.create()
    oil = make_preset()
    url = select(boss, UUIDS, across=True)
    assert "<strong>1 photo</strong>" in boss.get(url).content.decode()
    confirm(boss, url, oil)
    drain()
    assert StyledVariant.objects.get().object_id == str(photo.pk)
    page = boss.get(select(boss, UUIDS, [photo]))
    assert page.context["cards"][0]["ready"] == 1


def test_all_across_pages_beyond_the_field_limit(boss, make_preset, settings):
    many_photos(1500)
    assert settings.DATA_UPLOAD_MAX_NUMBER_FIELDS == 1000
    url = select(boss, PHOTOS, Photo.objects.all()[:50], across=True)
    page = boss.get(url)
    assert "<strong>1500 photos</strong>" in page.content.decode()
    assert page.content.decode().count("<input") < 20
    assert len(str(dict(boss.session))) < 2000
    confirm(boss, url, make_preset())
    assert RestyleJob.objects.get().items.count() == 1500


def test_all_across_pages_respects_filters_and_search(boss, make_preset, make_photo):
    photos = [make_photo(number) for number in range(12)]
    url = select(boss, ARTICLES, across=True, query="?q=Mug 1&p=1")
    page = boss.get(url).content.decode()
    assert "<strong>3 photos</strong>" in page
    assert "3 articles; search “Mug 1”" in page
    confirm(boss, url, make_preset())
    chosen = {str(photos[number].pk) for number in (1, 10, 11)}
    assert set(RestyleJob.objects.get().items.values_list("object_id", flat=True)) == chosen


def test_filters_are_told_in_words(boss, make_preset, make_photo):
    make_photo()
    page = boss.get(select(boss, ARTICLES, across=True, query="?photos__height=72")).content.decode()
    assert "1 article; height: 72" in page


def test_a_selection_that_changed_is_shown_again(boss, make_preset, make_photo):
    make_photo(0)
    preset = make_preset()
    url = select(boss, PHOTOS, across=True)
    stale = boss.get(url).context["seen"]
    make_photo(1)
    page = boss.post(url, {"seen": stale, "presets": [preset.pk]})
    assert "The selection has changed" in page.content.decode()
    assert "<strong>2 photos</strong>" in page.content.decode()
    assert not RestyleJob.objects.exists()
    confirm(boss, url, preset)
    assert RestyleJob.objects.get().items.count() == 2


def test_double_submit_makes_one_job(boss, make_preset, make_photo):
    photo, preset = make_photo(), make_preset()
    url = select(boss, PHOTOS, [photo])
    seen = boss.get(url).context["seen"]
    answers = [boss.post(url, {"seen": seen, "presets": [preset.pk]}) for _click in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"] == boss.get(url)["Location"]
    assert RestyleJob.objects.count() == 1


def test_two_tabs_do_not_meet(boss, make_preset, make_photo):
    photos, preset = [make_photo(0), make_photo(1)], make_preset()
    first, second = (select(boss, PHOTOS, [photo]) for photo in photos)
    confirm(boss, second, preset)
    confirm(boss, first, preset)
    jobs = RestyleJob.objects.order_by("pk")
    assert [job.items.get().object_id for job in jobs] == [str(photos[1].pk), str(photos[0].pk)]


def test_old_selections_expire(boss, make_photo):
    photo = make_photo()
    urls = [select(boss, PHOTOS, [photo]) for _tab in range(11)]
    assert "This selection has expired" in boss.get(urls[0], follow=True).content.decode()
    assert boss.get(urls[1]).status_code == 200


def test_no_look_chosen(boss, make_photo, make_preset):
    make_preset()
    page = confirm(boss, select(boss, PHOTOS, [make_photo()]))
    assert "Choose at least one look." in page.content.decode()
    assert not RestyleJob.objects.exists()


def test_inactive_looks_and_drafts_are_not_accepted(boss, make_photo, make_preset):
    off = make_preset("off", is_active=False)
    page = confirm(boss, select(boss, PHOTOS, [make_photo()]), off)
    assert page.status_code == 200
    assert not RestyleJob.objects.exists()


def test_nothing_to_restyle(boss):
    article = Article.objects.create(name="Bare")
    page = boss.get(select(boss, ARTICLES, [article]), follow=True).content.decode()
    assert "The selection has no photos to restyle." in page


@pytest.mark.parametrize("force", [False, True])
def test_failed_photos_are_tried_again_on_request(boss, make_preset, make_photo, force):
    values = {"force": "on"} if force else {}
    confirm(boss, select(boss, PHOTOS, [make_photo()]), make_preset(), **values)
    assert RestyleJob.objects.get().options.get("force", False) is force


def test_the_action_needs_its_own_permission(client_with, boss, make_photo, make_preset):
    photo, preset = make_photo(), make_preset()
    client = client_with("testapp.view_photo", "styletransfer.review")
    data = {"action": "restyle_selected", "_selected_action": [photo.pk]}
    assert "restyle_selected" not in client.get(reverse(PHOTOS)).content.decode()
    client.post(reverse(PHOTOS), data)
    assert "styletransfer_selections" not in client.session
    foreign = select(boss, PHOTOS, [photo])
    assert client.get(foreign).status_code == 403
    assert client.post(foreign, {"presets": [preset.pk]}).status_code == 403


def test_a_selection_belongs_to_its_session(boss, client_with, make_photo):
    url = select(boss, PHOTOS, [make_photo()])
    other = client_with("styletransfer.restyle", "testapp.view_photo")
    assert "This selection has expired" in other.get(url, follow=True).content.decode()


def test_the_hosts_own_right_is_checked_again(client_with, make_photo):
    client = client_with("styletransfer.restyle", "testapp.view_photo")
    url = select(client, PHOTOS, [make_photo()])
    from django.contrib.auth.models import Permission, User

    User.objects.get().user_permissions.remove(Permission.objects.get(codename="view_photo"))
    assert client.get(url).status_code == 403


def test_posts_need_the_csrf_token(make_staff, make_photo):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff("styletransfer.restyle", "testapp.view_photo"))
    data = {"action": "restyle_selected", "_selected_action": [make_photo().pk]}
    assert client.post(reverse(PHOTOS), data).status_code == 403
