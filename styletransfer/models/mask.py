"""Where the product is in a photo: found once per photo, or drawn by staff, who have the last word."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.imaging.masks.base import RELIABLE_CONFIDENCE


class PhotoMask(models.Model):
    """The masks of one photo, by the digest of its bytes: another photo is another row.

    Files are grey PNG in the configured storage, named by their content. ``found_key`` and ``lettering_key``
    are digests of the method that found them; another method finds them anew. The link to a source object
    only serves to show the photo: the last one seen with these bytes.
    """

    source_digest = models.CharField(max_length=64, unique=True)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    source = GenericForeignKey("content_type", "object_id")
    field = models.CharField(max_length=64)
    source_name = models.CharField(_("photo"), max_length=255)

    found_name = models.CharField(max_length=255, blank=True)
    found_key = models.CharField(max_length=64, blank=True)
    method = models.CharField(_("method"), max_length=64, blank=True)
    confidence = models.FloatField(
        _("confidence"), null=True, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    lettering_name = models.CharField(max_length=255, blank=True)
    lettering_key = models.CharField(max_length=64, blank=True)

    drawn_name = models.CharField(max_length=255, blank=True)
    areas_name = models.CharField(max_length=255, blank=True)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    drawn_at = models.DateTimeField(_("drawn"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["confidence", "pk"]
        verbose_name = _("subject mask")
        verbose_name_plural = _("subject masks")
        indexes = [models.Index(fields=["content_type", "object_id"], name="styletransfer_mask_source")]

    def __str__(self) -> str:
        return self.source_name

    @property
    def is_reliable(self) -> bool:
        """Whether the subject is known: drawn by somebody, or found with enough confidence."""
        return bool(self.drawn_name) or (self.confidence or 0.0) >= RELIABLE_CONFIDENCE

    @property
    def file_names(self) -> list[str]:
        """Every file that the row refers to."""
        names = (self.found_name, self.lettering_name, self.drawn_name, self.areas_name)
        return [name for name in names if name]


def mask_digest_of(drawn_name: str, areas_name: str, *, uses_subject: bool, uses_areas: bool) -> str:
    """What a recipe holds of a photo's masks: what was drawn and is used; empty when that is nothing.

    Found masks follow from the photo's bytes and the method, which the preset's digest names.
    """
    used = (drawn_name if uses_subject else "", areas_name if uses_areas else "")
    return hashlib.sha256(":".join(used).encode()).hexdigest()[:32] if any(used) else ""
