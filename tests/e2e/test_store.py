from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MUG = "/p/speckled-stoneware-mug/"


def shown_styles(page):
    """The look of every picture of the grid: what the browser really loaded, not what the page says."""
    return page.eval_on_selector_all(
        ".grid picture",
        "all => all.map(picture => [picture.dataset.style ?? '', picture.dataset.styleState])",
    )


def loaded(page, selector):
    """Address of the file the browser chose for a picture, once it is there."""
    page.wait_for_function("selector => document.querySelector(selector)?.naturalWidth > 0", arg=selector)
    return page.eval_on_selector(selector, "image => image.currentSrc")


def test_list(visit):
    visitor = visit()
    visitor.open("/")
    page = visitor.page
    assert page.locator(".grid .card").count() == 24
    assert page.get_by_role("link", name="Kitchen").count() == 1
    assert "/media/products/" in loaded(page, ".grid img")
    visitor.look_through()
    visitor.check()
    visitor.shoot("list")
    page.get_by_role("link", name="Lowest price").click()
    page.wait_for_url("**/?sort=price")
    assert page.locator(".grid .card-name").first.inner_text() == "Olive & Sage Soap Pair"
    visitor.check()


def test_switcher_without_javascript(visit):
    visitor = visit(script=False)
    visitor.open("/")
    page = visitor.page
    page.get_by_role("link", name="Charcoal").click()
    page.wait_for_url("**/?style=charcoal")
    assert 'data-style="charcoal" data-style-state="ready"' in page.content()
    page.locator(".grid .card a").first.click()
    page.wait_for_url(f"**{MUG}?style=charcoal")
    page.get_by_role("link", name="Watercolour").click()
    page.wait_for_url(f"**{MUG}?style=watercolour")
    assert page.locator(".compare figure").count() == 2
    assert page.locator(".compare-range").is_hidden()
    before, after = (box.bounding_box() for box in page.locator(".compare figure").all())
    assert abs(before["y"] - after["y"]) < 1  # side by side
    assert before["x"] + before["width"] <= after["x"]
    visitor.shoot("product-without-javascript", full_page=True)
    assert visitor.problems == []


def test_switcher_changes_the_list_in_place(visit):
    visitor = visit()
    visitor.open("/?sort=price")
    page = visitor.page
    page.evaluate("window.stillHere = true")
    page.get_by_role("link", name="Charcoal").hover()
    page.wait_for_load_state("networkidle")
    took = page.evaluate(
        """() => new Promise((resolve) => {
          const chip = document.querySelector('[data-look=charcoal]');
          new MutationObserver(() => resolve(performance.now() - start))
            .observe(chip, { attributes: true, attributeFilter: ["aria-current"] });
          const start = performance.now();
          chip.click();
        })"""
    )
    assert took < 500
    page.wait_for_url("**/?sort=price&style=charcoal")
    assert page.evaluate("window.stillHere")
    assert {style for style, _ in shown_styles(page)} == {"charcoal"}
    page.wait_for_function("document.querySelector('[data-announcer]').textContent.includes('Charcoal')")
    assert page.locator("[data-look][aria-current]").get_attribute("data-look") == "charcoal"
    assert page.locator(".departments a").nth(1).get_attribute("href") == "/c/kitchen/?style=charcoal"
    visitor.check()
    visitor.shoot("list-charcoal")

    page.get_by_role("link", name="Photograph").click()
    page.wait_for_url(re.compile(r"/\?sort=price$"))
    assert page.locator(".departments a").nth(1).get_attribute("href") == "/c/kitchen/"
    assert {state for _, state in shown_styles(page)} == {"original"}
    visitor.check()


def test_switched_list_equals_the_page_itself(visit):
    visitor = visit()
    visitor.open("/c/kitchen/")
    page = visitor.page
    page.get_by_role("link", name="Pop art").click()
    page.wait_for_url("**/c/kitchen/?style=pop-art")
    switched = shown_styles(page)
    links = page.eval_on_selector_all("a", "all => all.map(link => link.getAttribute('href'))")
    page.reload()
    assert shown_styles(page) == switched
    assert page.eval_on_selector_all("a", "all => all.map(link => link.getAttribute('href'))") == links


def test_crossfade_is_left_out_for_those_who_ask(visit):
    visitor = visit(reduced_motion="reduce")
    visitor.open("/")
    page = visitor.page
    page.evaluate("() => { document.startViewTransition = () => { window.faded = true; }; }")
    page.get_by_role("link", name="Charcoal").click()
    page.wait_for_url("**/?style=charcoal")
    assert {style for style, _ in shown_styles(page)} == {"charcoal"}
    assert page.evaluate("window.faded") is None


def test_slider_by_keyboard(visit):
    visitor = visit()
    visitor.open(MUG)
    page = visitor.page
    assert page.locator(".compare").count() == 0
    page.get_by_role("link", name="Watercolour").click()
    page.wait_for_url(f"**{MUG}?style=watercolour")
    slider = page.get_by_role("slider", name="How much of the painting is shown")
    slider.scroll_into_view_if_needed()
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "50 percent Watercolour"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "52 percent Watercolour"
    assert clipped(page) == pytest.approx(48, abs=0.5)
    page.keyboard.press("Home")
    assert clipped(page) == pytest.approx(100, abs=0.5)
    page.keyboard.press("End")
    assert clipped(page) == pytest.approx(0, abs=0.5)
    assert "/media/products/" in loaded(page, ".compare-before img")
    assert "/media/styled/" in loaded(page, ".compare-after img")
    visitor.check()


def test_slider_by_pointer(visit):
    visitor = visit()
    visitor.open(f"{MUG}?style=watercolour")
    page = visitor.page
    page.locator(".compare-stage").scroll_into_view_if_needed()
    loaded(page, ".compare-after img")
    box = page.locator(".compare-stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    assert clipped(page) == pytest.approx(75, abs=3)
    visitor.shoot("slider")
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    visitor.shoot("product", full_page=True)
    visitor.check()


def clipped(page):
    """How much of the painting is cut off, in percent of its width."""
    clip = page.eval_on_selector(".compare-after", "box => getComputedStyle(box).clipPath")
    shown = re.search(r"calc\(100% - ([\d.]+)%\)", clip)
    return 100 - float(shown[1]) if shown else float(re.search(r"inset\(0px ([\d.]+)%?", clip)[1])


def fill_address(page):
    for label, text in {
        "Full name": "Ada Berg",
        "E-mail": "ada@example.org",
        "Street and number": "Strandgade 1",
        "Postcode": "1401",
        "City": "Copenhagen",
        "Country": "Denmark",
    }.items():
        page.get_by_label(label).fill(text)


def test_from_cart_to_order(visit):
    visitor = visit()
    visitor.open(f"{MUG}?style=charcoal")
    page = visitor.page
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_text("Speckled Stoneware Mug is in your cart.").first.wait_for()
    assert page.locator("[data-cart-count]").inner_text() == "2"
    page.locator(".cart-link").click()
    page.wait_for_url("**/cart/?style=charcoal")
    assert page.locator(".sum strong").inner_text() == "€49.80"
    assert page.locator(".line picture").get_attribute("data-style") == "charcoal"
    visitor.shoot("cart")
    visitor.check()
    page.get_by_role("link", name="Go to checkout").click()
    fill_address(page)
    visitor.shoot("checkout")
    visitor.check()
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url("**/orders/*/")
    assert page.get_by_role("heading", level=1).inner_text() == "Thank you, Ada Berg"
    assert page.locator("[data-cart-count]").is_hidden()
    visitor.shoot("order")
    visitor.check()


def test_from_cart_to_order_without_javascript(visit):
    visitor = visit(script=False)
    visitor.open(MUG)
    page = visitor.page
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_url("**/cart/")
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_role("button", name="Place order").click()
    assert page.get_by_text("This field is required.").count() == 6
    fill_address(page)
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url("**/orders/*/")


def test_sold_out_is_said_in_place(visit):
    from shop.models import Product

    visitor = visit()
    visitor.open(MUG)
    Product.objects.filter(slug="speckled-stoneware-mug").update(stock=0)
    page = visitor.page
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_text("Speckled Stoneware Mug is sold out.").first.wait_for()


def test_not_found(visit):
    visitor = visit()
    visitor.page.goto(visitor.base + "/p/no-such-thing/")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "This shelf is empty"
    visitor.shoot("not-found")


def test_api_docs(visit):
    visitor = visit()
    visitor.open("/api/docs/")
    assert visitor.page.get_by_role("link", name="/api/products/").count() == 1
    visitor.check()
    visitor.shoot("api-docs")
