"""Include as ``path("api/", include("styletransfer.api.urls"))``."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from styletransfer.api.events import EventView
from styletransfer.api.experiments import AssignmentView, ExperimentViewSet
from styletransfer.api.me import ConsentView, DataView
from styletransfer.api.personal_style import PersonalStyleView
from styletransfer.api.recommendations import BesideView, RecommendationView
from styletransfer.api.style import MyStyleView
from styletransfer.api.views import PhotoViewSet, PresetViewSet, VariantViewSet

app_name = "styletransfer-api"
router = SimpleRouter()
router.register("presets", PresetViewSet, basename="preset")
router.register(r"photos/(?P<source>[\w.]+)", PhotoViewSet, basename="photo")
router.register("experiments", ExperimentViewSet, basename="experiment")
router.register("variants", VariantViewSet, basename="variant")
urlpatterns = [
    path("experiments/assignment/", AssignmentView.as_view(), name="assignment"),
    path("events/", EventView.as_view(), name="events"),
    path("me/consent/", ConsentView.as_view(), name="my-consent"),
    path("me/data/", DataView.as_view(), name="my-data"),
    path("me/style/", MyStyleView.as_view(), name="my-style"),
    path("me/style/personal/", PersonalStyleView.as_view(), name="my-personal-style"),
    path("recommendations/", RecommendationView.as_view(), name="recommendations"),
    path("recommendations/beside/<str:id>/", BesideView.as_view(), name="beside"),
    *router.urls,
]
