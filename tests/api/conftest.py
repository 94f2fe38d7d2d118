"""Clients of the API: a shopper, and staff with and without permissions."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from rest_framework.test import APIClient

from tests.delivery.conftest import ink, make_photo, oil

__all__ = ["ink", "make_photo", "oil"]


@pytest.fixture(autouse=True)
def _fresh_throttles():
    cache.clear()


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def client_of(db):
    def make(*permissions: str, is_staff: bool = True) -> APIClient:
        user = User.objects.create(username="somebody", is_staff=is_staff)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = APIClient()
        client.force_authenticate(User.objects.get(pk=user.pk))
        return client

    return make
