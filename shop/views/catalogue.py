"""Lists of products and the product page: public, the same for everybody, keyed by their address."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shop.looks import look_chooser, looks_for
from shop.models import Category, Product, ProductImage
from shop.models.cart import MAX_QUANTITY
from shop.recommending import goes_with, popular_row
from styletransfer.delivery.picture import picture_for
from styletransfer.delivery.prefetch import with_styled

PAGE_SIZE = 24
RELATED = 4


@dataclass(frozen=True)
class SortChoice:
    """One way to order a list."""

    slug: str
    label: object
    ordering: tuple[str, ...]


SORT_CHOICES = (
    SortChoice("featured", _("Featured"), ("pk",)),
    SortChoice("price", _("Lowest price"), ("price", "pk")),
    SortChoice("-price", _("Highest price"), ("-price", "pk")),
    SortChoice("name", _("Name"), ("name", "pk")),
)

# Browsers ask again (and mostly hear "not modified"); a shared cache may answer for a minute.
shared_for_a_minute = cache_control(public=True, max_age=0, s_maxage=60, stale_while_revalidate=300)


@require_safe
@shared_for_a_minute
def product_list(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """All products, or those of one category, in the page's look."""
    category = get_object_or_404(Category, slug=slug) if slug else None
    products = Product.objects.for_sale()
    if category is not None:
        products = products.filter(category=category)
    sort = next((one for one in SORT_CHOICES if one.slug == request.GET.get("sort")), SORT_CHOICES[0])
    preset = look_chooser(request)
    styled = with_styled(products.order_by(*sort.ordering), preset, through="main_photo")
    page = Paginator(styled, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "category": category,
        "page": page,
        "products": list(page.object_list),
        "preset": preset,
        "looks": looks_for(request),
        "sort": sort.slug,
        "sort_choices": SORT_CHOICES,
        "is_list": True,
        "row": popular_row(preset) if category is None and page.number == 1 else [],
    }
    return render(request, "shop/list.html", context)


@require_safe
@shared_for_a_minute
def product_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One product: its photos, before and after, what goes well with it, and more of its category."""
    preset = look_chooser(request)
    product = get_object_or_404(Product.objects.for_sale(), slug=slug)
    photos = list(with_styled(ProductImage.objects.filter(product=product), preset))
    beside = goes_with(product, preset)
    shown = [product.pk, *(entry.product.pk for entry in beside)]
    others = Product.objects.for_sale().filter(category=product.category).exclude(pk__in=shown)
    looks = looks_for(request)
    context = {
        "product": product,
        "photos": photos,
        "preset": preset,
        "looks": looks,
        "look": next((look for look in looks if look.current), None),
        "compared": next((photo for photo in photos if picture_for(photo, preset).is_styled), None),
        "beside": beside,
        "related": list(with_styled(others, preset, through="main_photo")[:RELATED]),
        "max_quantity": min(product.stock, MAX_QUANTITY),
    }
    return render(request, "shop/product.html", context)
