"""No page of ours needs an inline script, style or handler: a strict content security policy holds."""

import re

from django.urls import reverse

from styletransfer.jobs.drawing import open_masks
from styletransfer.jobs.reports import request_report
from styletransfer.models import RestyleJob, StyledVariant
from styletransfer.sources import get_source
from tests.admin.test_restyle_action import PHOTOS, select

INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
# Django's own changelist and history carry their data in a non-executable JSON script.
DATA = re.compile(r'<script[^>]*type="application/json"[^>]*>')


def test_pages_carry_no_inline_code(boss, make_preset, make_photo, restyle):
    photo, preset = make_photo(), make_preset()
    measured = request_report(get_source(type(photo)), preset)
    restyle([photo], preset)
    name = "admin:styletransfer"
    pages = [
        reverse(f"{name}_stylepreset_changelist"),
        reverse(f"{name}_stylepreset_change", args=[preset.pk]),
        reverse(f"{name}_styledvariant_changelist"),
        reverse(f"{name}_styledvariant_change", args=[StyledVariant.objects.get().pk]),
        reverse(f"{name}_restylejob_changelist"),
        reverse(f"{name}_restylejob_change", args=[RestyleJob.objects.get().pk]),
        reverse(f"{name}_restylejob_review", args=[RestyleJob.objects.get().pk]),
        reverse(f"{name}_photomask_changelist"),
        reverse(f"{name}_cataloguereport_changelist"),
        reverse(f"{name}_cataloguereport_change", args=[measured.pk]),
        reverse(f"{name}_photomask_change", args=[open_masks(get_source(type(photo)), photo).pk]),
        select(boss, PHOTOS, [photo]),
    ]
    boss.post(f"{pages[-1]}sample/", {"presets": [preset.pk]})
    for page in pages:
        answer = boss.get(page)
        assert answer.status_code == 200
        assert INLINE.findall(DATA.sub("", answer.content.decode())) == [], page


def test_names_are_escaped(boss, make_preset, make_photo, restyle):
    photo = make_photo()
    photo.alt = photo.article.name = "<script>alert(1)</script>"
    photo.article.save()
    photo.save()
    preset = make_preset(name="<img src=x>")
    restyle([photo], preset)
    for page in (
        reverse("admin:styletransfer_styledvariant_changelist"),
        reverse("admin:styletransfer_styledvariant_change", args=[StyledVariant.objects.get().pk]),
        reverse("admin:styletransfer_restylejob_change", args=[RestyleJob.objects.get().pk]),
        reverse("admin:styletransfer_restylejob_review", args=[RestyleJob.objects.get().pk]),
        reverse("admin:styletransfer_stylepreset_change", args=[preset.pk]),
        select(boss, PHOTOS, [photo]),
    ):
        text = boss.get(page).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x>" not in text
