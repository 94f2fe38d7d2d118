"""The host's own admin pages, with the action added by the mixin."""

from django.contrib import admin

from styletransfer.admin import RestyleAdminMixin
from tests.testapp.models import Article, Photo, UuidPhoto


@admin.register(Article)
class ArticleAdmin(RestyleAdminMixin, admin.ModelAdmin):
    list_display = ["name"]
    list_filter = ["photos__height"]
    search_fields = ["name"]


@admin.register(Photo)
class PhotoAdmin(RestyleAdminMixin, admin.ModelAdmin):
    list_display = ["alt"]
    list_per_page = 50


@admin.register(UuidPhoto)
class UuidPhotoAdmin(RestyleAdminMixin, admin.ModelAdmin):
    pass
