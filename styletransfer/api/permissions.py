"""Who may read what."""

from __future__ import annotations

from django.contrib.auth import get_permission_codename
from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from styletransfer.models import StyledVariant


class StaffMayViewVariants(BasePermission):
    """Staff with the permission to view styled variants."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Variants tell of failures and of pictures that were rejected."""
        return request.user.is_staff and may_view(request, StyledVariant)


class MayViewPhotos(BasePermission):
    """Users who may view the photo's own model, since only the host knows which rows are public."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for the host model's own view permission."""
        return may_view(request, view.photo_source.model)  # type: ignore[attr-defined]


def may_view(request: Request, model: type[Model]) -> bool:
    """Whether the user has Django's view permission on a model."""
    meta = model._meta
    return request.user.has_perm(f"{meta.app_label}.{get_permission_codename('view', meta)}")
