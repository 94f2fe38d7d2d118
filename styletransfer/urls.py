"""The storefront's own addresses; include them as ``path("styles/", include("styletransfer.urls"))``."""

from django.urls import path

from styletransfer.delivery.views import pick_style, style_state

app_name = "styletransfer"
urlpatterns = [
    path("pick/", pick_style, name="pick_style"),
    path("state.json", style_state, name="style_state"),
]
