"""A host shop's own models: integer keys, UUID keys, and photos with and without dimension columns."""

import uuid

from django.db import models


class Article(models.Model):
    name = models.CharField(max_length=80)
    cover = models.ForeignKey("Photo", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(upload_to="photos", width_field="width", height_field="height")
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    alt = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return str(self.image)


class UuidPhoto(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    picture = models.ImageField(upload_to="photos", blank=True)

    def __str__(self) -> str:
        return str(self.id)
