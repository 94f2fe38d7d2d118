"""Include as ``path("api/", include("styletransfer.api.urls"))``."""

from rest_framework.routers import SimpleRouter

from styletransfer.api.views import PhotoViewSet, PresetViewSet, VariantViewSet

app_name = "styletransfer-api"
router = SimpleRouter()
router.register("presets", PresetViewSet, basename="preset")
router.register(r"photos/(?P<source>[\w.]+)", PhotoViewSet, basename="photo")
router.register("variants", VariantViewSet, basename="variant")
urlpatterns = router.urls
