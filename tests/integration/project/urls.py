"""The project's pages: one that asks for a job, one that lists what is there."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.sources import get_source
from tests.testapp.models import Article, Photo


def restyle(request: HttpRequest) -> HttpResponse:
    """Request all photos in all presets, as an admin action or an API call does."""
    request_restyle(get_source(Photo), Photo.objects.all(), StylePreset.objects.all(), force=True)
    return HttpResponse("requested")


def listing(request: HttpRequest) -> HttpResponse:
    """The newest photos with what has become of them, after a small write as a cart's is."""
    article = Article.objects.create(name="Viewed")
    names = [photo.image.name for photo in Photo.objects.order_by("-pk")[:24]]
    ready = StyledVariant.objects.filter(state="ready").order_by("-pk")[:24]
    return HttpResponse(f"{article.pk} {names} {[variant.pk for variant in ready]}")


urlpatterns = [path("restyle/", restyle), path("listing/", listing)]
