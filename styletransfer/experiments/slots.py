"""The sizes that ad platforms take, and what an export of ad pictures is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from django.utils.translation import gettext_lazy

# Google Ads refuses display images above 150 KB (https://support.google.com/google-ads/answer/1722096).
DISPLAY_BYTES = 150_000


@dataclass(frozen=True)
class Slot:
    """One size that ad platforms take.

    Attributes:
        key: as forms and file names say it.
        width: in pixels.
        height: in pixels.
        label: what it is used for.
        most_bytes: limit of the platforms, None without one.
    """

    key: str
    width: int
    height: int
    label: Any
    most_bytes: int | None = DISPLAY_BYTES


SLOTS = tuple(
    Slot(f"{width}x{height}", width, height, label, most)
    for width, height, label, most in (
        (300, 250, gettext_lazy("Medium rectangle"), DISPLAY_BYTES),
        (336, 280, gettext_lazy("Large rectangle"), DISPLAY_BYTES),
        (728, 90, gettext_lazy("Leaderboard"), DISPLAY_BYTES),
        (970, 250, gettext_lazy("Billboard"), DISPLAY_BYTES),
        (160, 600, gettext_lazy("Wide skyscraper"), DISPLAY_BYTES),
        (300, 600, gettext_lazy("Half page"), DISPLAY_BYTES),
        (320, 50, gettext_lazy("Phone banner"), DISPLAY_BYTES),
        (320, 100, gettext_lazy("Large phone banner"), DISPLAY_BYTES),
        (1080, 1080, gettext_lazy("Square post"), None),
        (1080, 1350, gettext_lazy("Portrait post"), None),
        (1080, 1920, gettext_lazy("Story"), None),
        (1200, 628, gettext_lazy("Link preview"), None),
    )
)


@dataclass(frozen=True)
class Options:
    """What is wanted.

    Attributes:
        slots: keys of the sizes.
        site: address of the shop, to complete product pages' addresses.
        source: ``utm_source``.
        medium: ``utm_medium``.
        campaign: ``utm_campaign``.
        most_products: how many products at most.
        enlarge: whether small pictures may be enlarged.
    """

    slots: tuple[str, ...]
    site: str
    source: str = "ads"
    medium: str = "display"
    campaign: str = ""
    most_products: int = 10
    enlarge: bool = False


def landing_url(page: str, options: Options, *, campaign: str, content: str) -> str:
    """A product page's address with UTM parameters; parameters that are there already stay."""
    parts = urlsplit(urljoin(options.site, page))
    tags = {
        "utm_source": options.source,
        "utm_medium": options.medium,
        "utm_campaign": options.campaign or campaign,
        "utm_content": content,
    }
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in tags]
    return urlunsplit(parts._replace(query=urlencode([*query, *tags.items()])))
