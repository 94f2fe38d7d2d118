"""The presets' list and form: bars, counts, sliders, friendly widths, uploads refused in words."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from styletransfer.models import StylePreset, StylePresetPart
from styletransfer.testing import photo_bytes

LIST = "admin:styletransfer_stylepreset_changelist"
ADD = "admin:styletransfer_stylepreset_add"
CHANGE = "admin:styletransfer_stylepreset_change"
DELETE = "admin:styletransfer_stylepreset_delete"


def form_data(preset=None, **values):
    """What the browser sends for the form without inlines, or with the saved reference as it is."""
    references = list(preset.references.all()) if preset else []
    data = {
        "name": "Oil",
        "slug": "oil",
        "description": "",
        "engine": "fake",
        "strength": "0.8",
        "keep_colours": "0.1",
        "calm": "0.5",
        "detail": "0",
        "scope": "whole",
        "widths": "48, 64",
        "is_active": "on",
        "is_public": "on",
        "position": "0",
        "references-TOTAL_FORMS": str(len(references)),
        "references-INITIAL_FORMS": str(len(references)),
        "parts-TOTAL_FORMS": "0",
        "parts-INITIAL_FORMS": "0",
    }
    for place, reference in enumerate(references):
        data |= {
            f"references-{place}-id": str(reference.pk),
            f"references-{place}-preset": str(preset.pk),
            f"references-{place}-position": str(reference.position),
        }
    return {**data, **values}


def with_upload(content, name="look.jpg", **values):
    return form_data(
        **{
            "references-TOTAL_FORMS": "1",
            "references-0-position": "0",
            "references-0-image": SimpleUploadedFile(name, content),
            **values,
        }
    )


def test_list_shows_reference_bars_and_ready_count(boss, make_preset, make_photo, restyle):
    preset = make_preset(strength=0.75)
    restyle([make_photo(0), make_photo(1)], preset)
    page = boss.get(reverse(LIST)).content.decode()
    assert preset.references.get().image.url in page
    assert 'value="0.75"' in page
    assert '<span class="st-number">2</span>' in page
    assert preset.digest not in page


def test_list_costs_the_same_for_any_number_of_presets(boss, make_preset, django_assert_num_queries):
    first = make_preset("first")
    StylePresetPart.objects.create(preset=first, component=make_preset("oil"))
    boss.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        boss.get(reverse(LIST))
    for number in range(5):
        mix = make_preset(f"look-{number}")
        StylePresetPart.objects.create(preset=mix, component=StylePreset.objects.get(slug="oil"))
    with django_assert_num_queries(len(few)):
        boss.get(reverse(LIST))


def test_drafts_are_hidden(boss, make_preset):
    preset = make_preset()
    draft = StylePreset.objects.create(name="Secret draft", slug="draft-1", engine="fake", draft_of=preset)
    assert "Secret draft" not in boss.get(reverse(LIST)).content.decode()
    assert boss.get(reverse(CHANGE, args=[draft.pk])).status_code == 302


def test_list_toggles_and_orders(boss, make_preset):
    presets = [make_preset("oil"), make_preset("ink")]
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "_save": "Save"}
    for place, preset in enumerate(presets):
        data |= {f"form-{place}-id": preset.pk, f"form-{place}-position": 5 - place}
    assert boss.post(reverse(LIST), data).status_code == 302
    assert list(StylePreset.objects.order_by("position").values_list("slug", "is_active")) == [
        ("ink", False),
        ("oil", False),
    ]


def test_form_has_sliders_and_plain_widths(boss, make_preset):
    preset = make_preset(strength=0.62)
    page = boss.get(reverse(CHANGE, args=[preset.pk])).content.decode()
    assert page.count('type="range"') >= 4
    assert "62%" in page
    assert 'value="48, 64"' in page
    assert preset.digest not in page
    assert '<option value="fake" selected>' in page
    assert preset.references.get().image.url in page


def test_adding_with_a_reference(boss):
    response = boss.post(reverse(ADD), with_upload(photo_bytes(), widths="640, 320 px, 640"))
    assert response.status_code == 302, response.context["errors"]
    preset = StylePreset.objects.get()
    assert preset.widths == [320, 640]
    assert preset.references.get().content_digest
    assert preset.digest == preset.compute_digest()


@pytest.mark.parametrize(
    ("widths", "complaint"),
    [("320, wide", "“wide” is no whole number"), ("", "at least one width"), ("3", "from 16 to 4096")],
)
def test_bad_widths_are_named_and_kept(boss, widths, complaint):
    page = boss.post(reverse(ADD), form_data(widths=widths)).content.decode()
    assert complaint in page
    assert f'value="{widths}"' in page or not widths
    assert not StylePreset.objects.exists()


def animated_gif():
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "SVG"),
        (photo_bytes()[:400], "damaged"),
        (animated_gif(), "animated"),
        (photo_bytes(8, 8), "at least 16 a side"),
    ],
)
def test_bad_references_are_refused_with_the_reason(boss, content, complaint):
    response = boss.post(reverse(ADD), with_upload(content))
    assert complaint in response.content.decode()
    assert not StylePreset.objects.exists()


def test_an_engine_that_is_gone_is_kept_visible_and_refused(boss, make_preset):
    preset = make_preset()
    StylePreset.objects.update(engine="vanished")
    page = boss.get(reverse(CHANGE, args=[preset.pk])).content.decode()
    assert '<option value="vanished" selected>vanished (not installed)' in page
    page = boss.post(reverse(CHANGE, args=[preset.pk]), form_data(preset, engine="vanished")).content.decode()
    assert "There is no engine vanished" in page


def test_saving_another_look_says_what_is_out_of_date(boss, make_preset, make_photo, restyle):
    preset = make_preset()
    restyle([make_photo()], preset)
    url = reverse(CHANGE, args=[preset.pk])
    quiet = boss.post(url, form_data(preset, strength=preset.strength, keep_colours="0", calm=preset.calm))
    assert quiet.status_code == 302
    assert "still shows" not in boss.get(reverse(LIST)).content.decode()
    boss.post(url, form_data(preset, strength="0.4"))
    assert "1 finished picture still shows the earlier look" in boss.get(reverse(LIST)).content.decode()


def test_deleting_counts_instead_of_listing_and_protects_mixes(boss, make_preset, make_photo, restyle):
    oil, mix = make_preset("oil"), make_preset("mix")
    StylePresetPart.objects.create(preset=mix, component=oil)
    restyle([make_photo(0), make_photo(1)], oil, mix)
    assert "Mix mixes in Oil" in boss.get(reverse(DELETE, args=[oil.pk])).content.decode()
    page = boss.get(reverse(DELETE, args=[mix.pk])).content.decode()
    assert "2 styled variants; the shop shows their photos as they are" in page
    boss.post(reverse(DELETE, args=[mix.pk]), {"post": "yes"})
    assert not StylePreset.objects.filter(slug="mix").exists()


def test_mixes_offer_neither_drafts_nor_mixes(boss, make_preset):
    oil, ink, mix = make_preset("oil"), make_preset("ink"), make_preset("mix")
    StylePresetPart.objects.create(preset=mix, component=oil)
    StylePreset.objects.create(name="Draft", slug="draft-1", engine="fake", draft_of=oil)
    page = boss.get(reverse(CHANGE, args=[ink.pk]))
    formset = page.context["inline_admin_formsets"][1].formset
    offered = set(formset.empty_form.fields["component"].queryset.values_list("slug", flat=True))
    assert offered == {"oil", "ink"}


@pytest.mark.parametrize("name", [LIST, ADD])
def test_staff_without_rights_are_refused(client_with, name):
    assert client_with("styletransfer.review").get(reverse(name)).status_code == 403


def unify_data(preset: StylePreset, **changes: object) -> dict[str, object]:
    fields = {f"unify_{name}": value for name, value in {**UNIFY, **changes}.items()}
    return form_data(preset, engine="unify", strength=1, keep_colours=0, calm=0.5, **fields)


UNIFY = {"aim": "neutral", "strictness": 0.5, "background": "colour", "colour": "#f4efe8", "shadow": "none"}


def test_the_unify_engines_settings_are_a_form(boss, make_preset):
    preset = make_preset()
    before = preset.digest
    url = reverse(CHANGE, args=[preset.pk])
    response = boss.post(url, unify_data(preset, margin=0.2, size=900, reframe="on", match_tones=0.4))
    assert response.status_code == 302, response.context["errors"]
    preset.refresh_from_db()
    settings = preset.engine_settings
    assert (settings["margin"], settings["size"], settings["colour"]) == (0.2, 900, "#f4efe8")
    assert (settings["reframe"], settings["straighten"]) == (True, False)
    assert settings["match_tones"] == 0.4
    assert preset.digest != before
    shown = boss.get(url).context["adminform"].form.initial
    assert (shown["unify_margin"], shown["unify_background"]) == (0.2, "colour")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"margin": 0.9}, "less than or equal to 0.45"),
        ({"colour": "beige"}, "#f4efe8"),
        ({"aim": "catalogue"}, "has not been measured"),
    ],
)
def test_impossible_settings_are_refused_in_words(boss, make_preset, changes, reason):
    preset = make_preset()
    response = boss.post(reverse(CHANGE, args=[preset.pk]), unify_data(preset, **changes))
    assert response.status_code == 200
    assert reason in response.content.decode()
    preset.refresh_from_db()
    assert preset.engine == "fake"


def test_what_an_engine_cannot_do_is_refused_at_its_field(boss, make_preset):
    preset = make_preset()
    url = reverse(CHANGE, args=[preset.pk])
    usual = {"strength": 1, "keep_colours": 0, "calm": 0.5}
    answer = boss.post(url, form_data(preset, **usual, statistics="collection"))
    assert "cannot measure a collection" in answer.context["adminform"].form.errors["statistics"][0]
    answer = boss.post(url, unify_data(preset, colour="#ffffff") | {"scope": "subject"})
    assert "frames the picture anew" in answer.context["adminform"].form.errors["scope"][0]
    answer = boss.post(url, form_data(preset, **usual, engine_settings='{"margin": 1}'))
    assert "takes no settings" in answer.context["adminform"].form.errors["engine_settings"][0]


def test_statistics_of_a_collection_are_collected_again_on_request(boss, make_preset):
    shared, other = make_preset(), make_preset("ink")
    StylePreset.objects.filter(pk=shared.pk).update(statistics="collection", norm_statistics_key="old")
    data = {"action": "collect_again", "_selected_action": [shared.pk, other.pk]}
    page = boss.post(reverse(LIST), data, follow=True).content.decode()
    assert "1 preset is measured anew" in page
    shared.refresh_from_db()
    assert shared.norm_statistics_key == ""
