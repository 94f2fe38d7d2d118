"""The storefront's own addresses; include them as ``path("styles/", include("styletransfer.urls"))``."""

from django.urls import path

from styletransfer.delivery.views import pick_style, style_state
from styletransfer.experiments.views import experiments_state
from styletransfer.jobs.views import health
from styletransfer.personalization.views import consent, erase_me, my_data

app_name = "styletransfer"
urlpatterns = [
    path("pick/", pick_style, name="pick_style"),
    path("state.json", style_state, name="style_state"),
    path("experiments.json", experiments_state, name="experiments_state"),
    path("health/", health, name="health"),
    path("privacy/consent/", consent, name="consent"),
    path("privacy/my-data.json", my_data, name="my_data"),
    path("privacy/erase/", erase_me, name="erase"),
]
