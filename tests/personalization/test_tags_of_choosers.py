"""The mark of an impression where the page hands its chooser to the tags."""

import pytest
from django.template import Context, Template

from styletransfer.delivery.choosing import chooser_for
from styletransfer.personalization.decisions import read_decision

pytestmark = pytest.mark.django_db

MARK = Template('{% load styletransfer_shoppers %}{% watched_context "row" preset %}')


@pytest.mark.parametrize(
    ("query", "style"), [("?style=oil", "oil"), ("?style=original", "original"), ("", "original")]
)
def test_a_chooser_is_taken_for_the_style_it_chose(rf, oil, query, style):
    request = rf.get(f"/{query}")
    html = MARK.render(Context({"request": request, "preset": chooser_for(request, use_cookie=False)}))
    decision, surface = read_decision(html.split('"')[1])
    assert (decision.style, surface) == (style, "row")
