"""Addresses of the example store: the shop itself, its back office, the API and its documentation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from shop import files
from shop.views import api_docs, cart, catalogue, checkout, for_you, own_style, privacy

shop_patterns = (
    [
        path("", catalogue.product_list, name="home"),
        path("c/<slug:slug>/", catalogue.product_list, name="category"),
        path("p/<slug:slug>/", catalogue.product_detail, name="product"),
        path("for-you/", for_you.for_you, name="for-you"),
        path("for-you/row/", for_you.for_you_row, name="for-you-row"),
        path("for-you/own-style/", own_style.own_style, name="own-style"),
        path("cart/", cart.cart_detail, name="cart"),
        path("cart/add/<slug:slug>/", cart.cart_add, name="cart-add"),
        path("cart/items/<int:item_id>/", cart.cart_update, name="cart-update"),
        path("checkout/", checkout.checkout, name="checkout"),
        path("your-data/", privacy.your_data, name="your-data"),
        path("orders/<uuid:token>/", checkout.order_detail, name="order"),
    ],
    "shop",
)

urlpatterns = [
    path("", include(shop_patterns)),
    path("styles/", include("styletransfer.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("shop.api")),
    path("api/", include("styletransfer.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", api_docs.api_docs, name="schema-docs"),
]

if getattr(settings, "SERVE_FILES", settings.DEBUG):
    urlpatterns += [
        re_path(r"^static/(?P<path>.+)$", files.static_file),
        re_path(r"^media/(?P<path>.+)$", files.media_file),
    ]
