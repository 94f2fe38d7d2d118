"""The variants' list and page: what they show, what they cost, and who may do what."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from styletransfer.engine.base import EngineError
from styletransfer.models import StyledVariant, VariantState
from styletransfer.testing import FakeEngine

LIST = "admin:styletransfer_styledvariant_changelist"
DETAIL = "admin:styletransfer_styledvariant_change"
ACT = "admin:styletransfer_styledvariant_act"


@pytest.fixture
def variant_that(make_preset, make_photo, restyle):
    def was_painted():
        restyle([make_photo()], make_preset())
        return StyledVariant.objects.get()

    return was_painted


def act_on(client, variants, action):
    data = {"action": action, "_selected_action": [variant.pk for variant in variants]}
    return client.post(reverse(LIST), data, follow=True)


def test_list_shows_photo_painting_and_measures(boss, make_preset, make_photo, restyle):
    photo = make_photo(3)
    restyle([photo], make_preset())
    variant = StyledVariant.objects.get()
    page = boss.get(reverse(LIST)).content.decode()
    assert photo.image.url in page
    smallest = min(variant.renditions, key=lambda item: (item["width"], item["format"] != "webp"))
    assert smallest["name"] in page
    assert "st-badge--ready" in page
    assert "SSIM" in page
    assert "Mug 3" in page


def test_list_costs_the_same_for_any_number_of_rows(
    boss, make_preset, make_photo, restyle, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    preset = make_preset()
    restyle([make_photo(0), make_photo(1)], preset)
    boss.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        boss.get(reverse(LIST))
    restyle([make_photo(number) for number in range(2, 9)], preset)
    with django_assert_num_queries(len(few)):
        page = boss.get(reverse(LIST)).content.decode()
    assert page.count("st-pair") == 9


def test_failed_variants_show_their_reason(boss, make_preset, make_photo, restyle):
    photo = make_photo()
    photo.image.storage.delete(photo.image.name)
    restyle([photo], make_preset())
    variant = StyledVariant.objects.get()
    assert variant.state == VariantState.FAILED
    assert variant.error in boss.get(reverse(LIST)).content.decode()
    assert variant.error in boss.get(reverse(DETAIL, args=[variant.pk])).content.decode()


def test_a_photo_that_is_gone_leaves_its_variant_readable(boss, make_preset, make_photo, restyle):
    photo = make_photo()
    restyle([photo], make_preset())
    # As SQL would delete it: the app's own signal takes the variants along.
    type(photo).objects.filter(pk=photo.pk)._raw_delete("default")
    variant = StyledVariant.objects.get()
    assert boss.get(reverse(LIST)).status_code == 200
    assert boss.get(reverse(DETAIL, args=[variant.pk])).status_code == 200


def test_detail_explains_measures_and_lists_every_file(boss, make_preset, make_photo, restyle):
    restyle([make_photo()], make_preset())
    variant = StyledVariant.objects.get()
    page = boss.get(reverse(DETAIL, args=[variant.pk])).content.decode()
    for rendition in variant.renditions:
        assert rendition["name"] in page
    assert "Structure (SSIM)" in page
    assert "st-compare-range" in page


def test_previews_stay_out_of_the_list(boss, make_preset, make_photo):
    from styletransfer.jobs.previews import request_preview
    from styletransfer.sources import get_source

    photo = make_photo()
    request_preview(make_preset(), get_source(type(photo)), photo, {"strength": 0.3})
    assert "st-pair" not in boss.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("query", ["preset=oil", "source=testapp.photo", "state__exact=ready", "q=mug-0"])
def test_filters_find(boss, make_preset, make_photo, restyle, query):
    restyle([make_photo()], make_preset())
    assert boss.get(f"{reverse(LIST)}?{query}").content.decode().count("st-pair") == 1


@pytest.mark.parametrize(
    "query",
    ["preset=none", "source=testapp.uuidphoto", "source=no.such", "state__exact=failed", "job=9", "job=x"],
)
def test_filters_leave_out(boss, make_preset, make_photo, restyle, query):
    restyle([make_photo()], make_preset())
    assert "st-pair" not in boss.get(f"{reverse(LIST)}?{query}").content.decode()


def test_approve_and_reject_count_log_and_name_the_reviewer(boss, make_preset, make_photo, restyle):
    restyle([make_photo(0), make_photo(1)], make_preset())
    variants = list(StyledVariant.objects.all())
    page = act_on(boss, variants, "approve").content.decode()
    assert "2 variants were approved." in page
    assert set(StyledVariant.objects.values_list("review", flat=True)) == {"approved"}
    assert StyledVariant.objects.filter(reviewed_by__isnull=False).count() == 2
    assert LogEntry.objects.filter(change_message="Approved.").count() == 2
    assert "1 variant was rejected." in act_on(boss, variants[:1], "reject").content.decode()
    assert "None of the selected variants" in act_on(boss, variants[:1], "reject").content.decode()
    assert LogEntry.objects.count() == 3


def test_retry_queues_failed_ones_again(boss, variant_that, drain, monkeypatch):
    def refuse(requests):
        raise EngineError("the paint is dry")

    monkeypatch.setattr(FakeEngine, "on_paint", staticmethod(refuse))
    variant_that()
    variant = StyledVariant.objects.get()
    assert "the paint is dry" in variant.error
    assert "1 variant was queued again." in act_on(boss, [variant], "retry").content.decode()
    monkeypatch.setattr(FakeEngine, "on_paint", None)
    drain()
    assert StyledVariant.objects.get().state == VariantState.READY


def test_cancel_takes_out_of_the_queue(boss, make_preset, make_photo, restyle):
    job = restyle([make_photo()], make_preset())
    variant = StyledVariant.objects.get()
    StyledVariant.objects.filter(pk=variant.pk).update(state="queued")
    assert "1 variant was cancelled." in act_on(boss, [variant], "cancel").content.decode()
    assert job.counts()["cancelled"] == 1


@pytest.mark.parametrize(
    ("permission", "allowed", "refused"),
    [("styletransfer.review", "approve", "retry"), ("styletransfer.restyle", "retry", "approve")],
)
def test_actions_follow_permissions(client_with, variant_that, permission, allowed, refused):
    variant = variant_that()
    client = client_with(permission)
    page = client.get(reverse(LIST)).content.decode()
    assert f'value="{allowed}"' in page
    assert f'value="{refused}"' not in page
    act_on(client, [variant], refused)
    assert StyledVariant.objects.get().review == "pending"
    assert client.post(reverse(ACT, args=[variant.pk]), {"act": refused}).status_code == 403
    assert client.post(reverse(ACT, args=[variant.pk]), {"act": allowed}).status_code == 302


def test_page_buttons_act_on_one(boss, make_preset, make_photo, restyle):
    restyle([make_photo()], make_preset())
    variant = StyledVariant.objects.get()
    assert boss.get(reverse(ACT, args=[variant.pk])).status_code == 302
    assert StyledVariant.objects.get().review == "pending"
    boss.post(reverse(ACT, args=[variant.pk]), {"act": "approve"})
    assert StyledVariant.objects.get().review == "approved"
    assert boss.post(reverse(ACT, args=[variant.pk]), {"act": "melt"}).status_code == 404
    assert boss.post(reverse(ACT, args=[999]), {"act": "approve"}).status_code == 404


def test_staff_without_rights_see_nothing(client_with, make_preset, make_photo, restyle):
    restyle([make_photo()], make_preset())
    variant = StyledVariant.objects.get()
    client = client_with()
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse(DETAIL, args=[variant.pk])).status_code == 403
    assert client.post(reverse(ACT, args=[variant.pk]), {"act": "approve"}).status_code == 403
