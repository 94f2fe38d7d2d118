"""How much one client may ask for: pages and rates, with defaults a shop can live with."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.settings import api_settings
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle


class NumberedPages(PageNumberPagination):
    """24 rows a page, at most 100: ``?page=2&page_size=48``."""

    page_size = 24
    page_size_query_param = "page_size"
    max_page_size = 100


class CursorPages(CursorPagination):
    """50 rows a page, at most 200, the newest first; as fast on the last page as on the first."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"


class DefaultRate(SimpleRateThrottle):
    """Takes the scope's rate from ``DEFAULT_THROTTLE_RATES`` if it is there, else ``default_rate``."""

    default_rate: str

    def get_rate(self) -> str | None:
        """Requests per period, None for no limit."""
        rates: dict[str, Any] = {**api_settings.DEFAULT_THROTTLE_RATES}
        rate: str | None = rates.get(str(self.scope), self.default_rate)
        return rate


class AnonThrottle(DefaultRate, AnonRateThrottle):
    """By address, for whoever is not signed in; scope ``styletransfer_anon``."""

    scope = "styletransfer_anon"
    default_rate = "120/min"


class UserThrottle(DefaultRate, UserRateThrottle):
    """By user; scope ``styletransfer_user``."""

    scope = "styletransfer_user"
    default_rate = "600/min"
