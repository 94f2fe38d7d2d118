"""The photos that stand out in a report, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from styletransfer.admin.photos import named_rows, permitted_photos, photos_of, with_file
from styletransfer.admin.report_words import reason_words
from styletransfer.sources import Source

SHOWN = 60
SHOWN_REASONS = 3


def outlier_cards(
    request: HttpRequest, site: AdminSite, source: Source, outliers: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """One card a photo that this user may restyle, the worst first."""
    shown = outliers[:SHOWN]
    photos = permitted_photos(request, site, source, photos_of(source))
    rows = {
        str(row.pk): with_file(source, row)
        for row in named_rows(source, photos.filter(pk__in=_keys(source, shown)))
    }
    return [
        {
            "key": each["key"],
            "url": source.file(rows[each["key"]]).url,
            "name": source.alt_text(rows[each["key"]]) or source.file(rows[each["key"]]).name,
            "reasons": [reason_words(one["code"]) for one in each["reasons"][:SHOWN_REASONS]],
            "mask_url": reverse(f"{site.name}:styletransfer_mask_of", args=[f"{source.label}:{each['key']}"]),
        }
        for each in shown
        if each["key"] in rows
    ]


def _keys(source: Source, outliers: Sequence[dict[str, Any]]) -> list[Any]:
    keys = []
    for each in outliers:
        try:
            keys.append(source.model._meta.pk.to_python(each["key"]))
        except (ValidationError, ValueError):
            continue
    return keys
