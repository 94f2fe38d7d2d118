"""URLs of the test project."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("styles/", include("styletransfer.urls")),
    path("api/", include("styletransfer.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
]
