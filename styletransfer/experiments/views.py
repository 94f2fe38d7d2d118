"""What a cached page asks after it has loaded: which photos are shown otherwise to this visitor.

``GET ?photo=shop.productimage:12&photo=…`` answers with the pictures, ``POST {"seen": {key: style}}`` says
which have come into view. Both are personal and kept by no cache; without consent both are empty.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from styletransfer.delivery.choosing import ORIGINAL, Choice, Chooser, chooser_for
from styletransfer.delivery.markup import picture_html
from styletransfer.delivery.picture import picture_for
from styletransfer.delivery.prefetch import with_styled
from styletransfer.experiments.exposures import note_exposures
from styletransfer.experiments.standing import EXPERIMENT, visitor_of
from styletransfer.sources import NotASourceError, Source, get_source

MOST_PHOTOS = 100
MOST_SEEN = 20
_MOST_BYTES = 10_000


# A browser sends no other site's JSON without asking first, and the origin is checked besides.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def experiments_state(request: HttpRequest) -> HttpResponse:
    """GET: what this visitor is shown in running experiments. POST: what has been seen."""
    if request.method == "POST":
        return _note(request)
    return JsonResponse({"photos": assigned_pictures(request, request.GET.getlist("photo"))})


def assigned_pictures(request: HttpRequest, names: list[str]) -> dict[str, dict[str, str]]:
    """Style, experiment and HTML by photo, for photos that take part; three queries and one a source more.

    Args:
        request: whose visitor is asked for; an explicit pick outranks every experiment.
        names: ``app_label.model_name:key`` of photos on the page; unknown ones are passed over.
    """
    chooser = chooser_for(request)
    if visitor_of(request) is None or not any(rule.choice.reason == EXPERIMENT for rule in chooser.rules):
        return {}
    found = {}
    for source, photo in _photos(names[:MOST_PHOTOS], chooser):
        choice = chooser.choice_for(source, photo)
        if choice.reason == EXPERIMENT:
            found[f"{source.label}:{photo.pk}"] = _described(photo, choice, chooser)
    return found


def _described(photo: Model, choice: Choice, chooser: Chooser) -> dict[str, str]:
    return {
        "style": choice.preset or ORIGINAL,
        "experiment": choice.experiment,
        "html": picture_html(picture_for(photo, chooser)),
    }


def _photos(names: list[str], chooser: Chooser) -> Iterator[tuple[Source, Model]]:
    by_label: dict[str, list[str]] = {}
    for name in names:
        label, _colon, key = name.partition(":")
        by_label.setdefault(label, []).append(key)
    for label, keys in by_label.items():
        try:
            source = get_source(label)
        except NotASourceError:
            continue
        field: Any = source.model._meta.pk
        valid = []
        for key in keys:
            try:
                valid.append(field.to_python(key))
            except ValidationError:
                continue
        for photo in with_styled(source.model._default_manager.filter(pk__in=valid), chooser):
            yield source, photo


def _note(request: HttpRequest) -> JsonResponse:
    if request.content_type != "application/json":
        return _refused(_("Send JSON."), 415)
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.get_host():
        return _refused(_("Reports are taken from this site's own pages only."), 403)
    shopper = visitor_of(request)
    if shopper is None:
        return _refused(_("The visitor has not allowed measuring."), 403)
    try:
        seen = _read(request.body[: _MOST_BYTES + 1])
    except ValueError as problem:
        return _refused(str(problem), 400)
    noted = note_exposures(shopper, seen)
    return JsonResponse({"noted": noted.new, "known": noted.known, "ignored": noted.ignored})


def _read(body: bytes) -> dict[str, str]:
    try:
        seen: dict[str, Any] = json.loads(body)["seen"] if len(body) <= _MOST_BYTES else {"": None}
        pairs = {str(uuid.UUID(key)): style for key, style in seen.items() if isinstance(style, str)}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(_('Send {"seen": {experiment: style}}.')) from error
    if len(pairs) != len(seen) or len(pairs) > MOST_SEEN:
        raise ValueError(_("Send at most %(most)d experiments, each with a style.") % {"most": MOST_SEEN})
    return pairs


def _refused(text: str, status: int) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)
