"""The template tags' HTML, read back by a parser."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils.safestring import mark_safe

from styletransfer.models import StyleReference
from styletransfer.testing import assert_styled_queries, make_variant, photo_file
from tests.delivery.html import read_html
from tests.testapp.models import UuidPhoto

pytestmark = pytest.mark.django_db


def render(body: str, **context: object) -> str:
    return Template("{% load styletransfer %}" + body).render(Context(context))


def test_a_styled_picture(make_photo, oil):
    photo = make_photo()
    make_variant(photo, oil)
    html = read_html(
        render('{% styled_picture photo preset="oil" sizes="(min-width: 60em) 25vw, 50vw" class="card" %}',
               photo=photo)
    )  # fmt: skip
    (picture,) = html.children
    assert picture.tag == "picture"
    assert picture.attributes == {
        "class": "styled-picture card", "data-style": "oil", "data-style-state": "ready",
    }  # fmt: skip
    avif, webp, image = picture.children
    assert [avif["type"], webp["type"]] == ["image/avif", "image/webp"]
    assert avif["sizes"] == image["sizes"] == "(min-width: 60em) 25vw, 50vw"
    entries = [entry.split(" ") for entry in image["srcset"].split(", ")]
    assert [width for _, width in entries] == ["320w", "640w", "960w"]
    assert image["src"] == entries[-1][0]
    assert (image["width"], image["height"]) == ("960", "720")
    assert (image["alt"], image["loading"], image["decoding"]) == ("A mug, number 0", "lazy", "async")
    assert image["style"].startswith("background:url(data:image/webp;base64,")
    assert "fetchpriority" not in image.attributes


def test_the_original(make_photo):
    photo = make_photo()
    (picture,) = read_html(render("{% styled_picture photo.image preset='original' %}", photo=photo)).children
    assert picture.attributes == {"class": "styled-picture", "data-style-state": "original"}
    (image,) = picture.children
    assert set(image.attributes) == {"loading", "decoding", "src", "width", "height", "alt"}
    assert image["src"] == photo.image.url


def test_priority_decoration_and_no_placeholder(make_photo, oil):
    photo = make_photo()
    make_variant(photo, oil)
    body = '{% styled_picture photo preset=look priority=True alt="" placeholder=False %}'
    image = read_html(render(body, photo=photo, look=oil)).all("img")[0]
    assert (image["fetchpriority"], image["alt"]) == ("high", "")
    assert {"loading", "style", "decoding"}.isdisjoint(image.attributes)


def test_what_people_type_is_escaped(make_photo, oil):
    nasty = "\"><script>alert('x')</script>&"
    photo = make_photo(alt=nasty)
    make_variant(photo, oil)
    html = render(
        "{% styled_picture photo preset='oil' sizes=nasty class=nasty %}"
        "{% styled_picture photo preset=nasty %}",
        photo=photo,
        nasty=nasty,
    )
    assert "<script" not in html
    parsed = read_html(html)
    assert [image["alt"] for image in parsed.all("img")] == [nasty, nasty]
    assert parsed.all("source")[0]["sizes"] == nasty
    assert parsed.all("picture")[1]["data-style"] == nasty


def test_texts_that_are_html_already_are_not_escaped_twice(make_photo):
    html = render(
        """{% styled_picture photo alt='A 12" mug' %}{% styled_picture photo alt=safe %}""",
        photo=make_photo(),
        safe=mark_safe("Cup &amp; saucer"),
    )
    assert [image["alt"] for image in read_html(html).all("img")] == ['A 12" mug', "Cup & saucer"]


@pytest.mark.parametrize("tag", ["styled_picture nothing", "styled_picture photo.picture alt=''"])
def test_no_photo_is_a_labelled_box(tag):
    (box,) = read_html(render(f"{{% {tag} %}}", photo=UuidPhoto())).children
    assert (box.tag, box["role"], box["aria-label"]) == ("span", "img", "No picture")


def test_the_empty_box_keeps_a_given_label():
    (box,) = read_html(render("{% styled_picture photo alt='Soon' %}", photo=UuidPhoto())).children
    assert box["aria-label"] == "Soon"


def test_the_requests_choice_is_shown(make_photo, oil, ink, rf):
    photo = make_photo()
    make_variant(photo, ink)
    html = render("{% styled_picture photo %}", photo=photo, request=rf.get("/?style=ink"))
    assert read_html(html).all("picture")[0]["data-style"] == "ink"
    html = render("{% styled_picture photo %}", photo=photo)
    assert read_html(html).all("picture")[0]["data-style-state"] == "original"


def test_unknown_arguments_are_refused(make_photo):
    with pytest.raises(TemplateSyntaxError, match="'prest'"):
        render("{% styled_picture photo prest='oil' %}", photo=make_photo())


def test_a_hosts_own_template(make_photo, oil, settings):
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"own.html": "{{ picture.src }} {{ x }}"})
                ]
            },
        }
    ]
    photo = make_photo()
    assert render("{% styled_picture photo template_name='own.html' %}", photo=photo, x="!") == (
        f"{photo.image.url} !"
    )


def test_styled_url(make_photo, oil, rf):
    photo = make_photo()
    make_variant(photo, oil)
    assert render("{% styled_url photo 'oil' 600 'webp' %}", photo=photo).endswith("-640.webp")
    assert render("{% styled_url photo 'original' %}", photo=photo) == photo.image.url
    absolute = render("{% styled_url photo 'oil' absolute=True %}", photo=photo, request=rf.get("/"))
    assert absolute.startswith("http://testserver/media/styled/")
    assert render("{% styled_url nothing absolute=True %}", request=rf.get("/")) == ""


def test_the_switcher_links_to_this_page_in_every_style(oil, ink, rf):
    html = read_html(render("{% style_switcher %}", request=rf.get("/list/?q=a%26b&page=2&style=oil")))
    (navigation,) = html.children
    assert navigation["aria-label"] == "Picture style"
    links = navigation.all("a")
    assert [link["href"] for link in links] == [
        f"?q=a%26b&page=2&style={style}" for style in ("original", "oil", "ink")
    ]
    assert [link.attributes.get("aria-current") for link in links] == [None, "true", None]
    assert [link.all("span")[0].text for link in links] == ["Original", "Oil", "Ink"]


def test_the_switcher_that_remembers_posts_with_a_token(oil, client, rf):
    html = read_html(
        render("{% style_switcher remember=True %}", request=rf.get("/list/?q=1"), csrf_token="token")
    )
    (form,) = html.all("form")
    assert (form["method"], form["action"]) == ("post", "/styles/pick/")
    assert {field["name"]: field["value"] for field in form.all("input")} == {
        "csrfmiddlewaretoken": "token", "next": "/list/?q=1",
    }  # fmt: skip
    assert [(button["value"], button["aria-pressed"]) for button in form.all("button")] == [
        ("original", "true"), ("oil", "false"),
    ]  # fmt: skip


def test_the_switcher_can_show_the_references(oil, ink, rf):
    StyleReference(preset=oil, image=photo_file("b.jpg", seed=2), position=1).save()
    first = StyleReference(preset=oil, image=photo_file("a.jpg", seed=1), position=0)
    first.save()
    # The presets on offer, their references, and experiments in force.
    with assert_styled_queries(3):
        html = read_html(render("{% style_switcher thumbnails=True %}", request=rf.get("/")))
    (image,) = html.all("img")
    assert (image["src"], image["alt"]) == (first.image.url, "")
