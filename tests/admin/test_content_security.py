"""No page of ours needs an inline script, style or handler: a strict content security policy holds."""

import re

from django.urls import reverse

from styletransfer.models import RestyleJob, StyledVariant
from tests.admin.test_restyle_action import PHOTOS, select

INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
# Django's own changelist and history carry their data in a non-executable JSON script.
DATA = re.compile(r'<script[^>]*type="application/json"[^>]*>')


def test_pages_carry_no_inline_code(boss, make_preset, make_photo, restyle):
    photo, preset = make_photo(), make_preset()
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
