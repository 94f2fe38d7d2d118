"""What was ticked on a changelist, kept small enough for a session, and the photos it leads to.

A selection of "all N matching" is kept as the changelist's filters, not as N ids. On the confirm page and
again on submit the host's own changelist resolves it, with that user's rights, and a fingerprint of the ids
proves that what is painted is what was shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from copy import copy
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR, ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from styletransfer.admin.photos import photos_of, product_model
from styletransfer.sources import Source, all_sources

SESSION_KEY = "styletransfer_selections"
KEPT_SELECTIONS = 10


@dataclass(frozen=True)
class Selection:
    """Rows of one changelist.

    Attributes:
        model: ``app_label.model_name`` of the changelist.
        query: its filters, search and order as a query string, without the page.
        across: whether all matching rows are meant.
        pks: the ticked rows' keys as text where not; at most one page of them.
    """

    model: str
    query: str
    across: bool
    pks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """The photos of one source that a selection leads to."""

    source: Source
    photos: QuerySet[Any]
    count: int


def selection_from(request: HttpRequest, model_admin: ModelAdmin[Any]) -> Selection:
    """The selection of a changelist's action request."""
    query = request.GET.copy()
    for name in (PAGE_VAR, ALL_VAR):
        query.pop(name, None)
    across = any(value not in ("", "0") for value in request.POST.getlist("select_across"))
    pks = () if across else tuple(request.POST.getlist(ACTION_CHECKBOX_NAME))
    return Selection(model_admin.opts.label_lower, query.urlencode(), across, pks)


def remember(request: HttpRequest, selection: Selection) -> str:
    """Keep a selection in the session under a fresh token; several tabs have one each, the oldest go."""
    token = secrets.token_urlsafe(12)
    kept = dict(list(request.session.get(SESSION_KEY, {}).items())[1 - KEPT_SELECTIONS :])
    request.session[SESSION_KEY] = {**kept, token: asdict(selection)}
    return token


def recall(request: HttpRequest, token: str) -> Selection | None:
    """The selection behind a token of this session, or None."""
    found = request.session.get(SESSION_KEY, {}).get(token)
    return Selection(**{**found, "pks": tuple(found["pks"])}) if found else None


def forget(request: HttpRequest, token: str) -> None:
    """Drop a selection that became a job."""
    kept = request.session.get(SESSION_KEY, {})
    if kept.pop(token, None) is not None:
        request.session[SESSION_KEY] = kept


def resolve(
    request: HttpRequest, model_admin: ModelAdmin[Any], selection: Selection
) -> tuple[QuerySet[Any], str]:
    """The selected rows as the host's changelist gives them to this user now, and the selection in words.

    Raises:
        django.contrib.admin.options.IncorrectLookupParameters: the filters no longer make sense.
    """
    replay = copy(request)
    replay.GET = QueryDict(selection.query)
    changelist = model_admin.get_changelist_instance(replay)
    rows = changelist.get_queryset(replay)
    if not selection.across:
        rows = rows.filter(pk__in=selection.pks)
    return rows, _in_words(changelist, rows.count(), selection.across)


def reaches(rows: QuerySet[Any]) -> list[Reach]:
    """The photos that rows of a source, or of a product model, lead to; sources without any are left out."""
    found = []
    keys = rows.order_by().values("pk")
    for source in all_sources():
        if issubclass(rows.model, source.model):
            photos = photos_of(source).filter(pk__in=keys)
        elif leads_to(rows.model, source):
            photos = photos_of(source).filter(**{f"{source.product}__in": keys})
        else:
            continue
        count = photos.count()
        if count:
            found.append(Reach(source, photos, count))
    return found


def leads_to(model: type[Model], source: Source) -> bool:
    """Whether rows of ``model`` are the products of a source's photos."""
    product = product_model(source)
    return product is not None and issubclass(model, product)


def fingerprint(found: Iterable[Reach]) -> str:
    """Digest of the selected photos' keys; read as a stream, so that any number fits."""
    digest = hashlib.sha256()
    for reach in found:
        digest.update(f"{reach.source.label}\n".encode())
        # Unbound from the product: joining it for a hundred thousand keys costs more than reading them.
        keys = reach.photos.select_related(None).order_by("pk").values_list("pk", flat=True)
        remaining = keys.iterator(chunk_size=5000)
        while chunk := list(islice(remaining, 5000)):
            digest.update("\n".join(map(str, chunk)).encode() + b"\n")
    return digest.hexdigest()[:32]


def _in_words(changelist: ChangeList, count: int, across: bool) -> str:
    opts = changelist.model._meta
    names = {"one": opts.verbose_name, "many": opts.verbose_name_plural, "count": count}
    parts = [ngettext("%(count)d %(one)s", "%(count)d %(many)s", count) % names]
    if across and changelist.query:
        parts.append(_("search “%(text)s”") % {"text": changelist.query})
    for spec in changelist.filter_specs if across else ():
        if not spec.used_parameters:
            continue
        chosen = [str(choice["display"]) for choice in spec.choices(changelist) if choice.get("selected")]
        if chosen:
            parts.append(f"{spec.title}: {', '.join(chosen)}")
    return "; ".join(map(str, parts))
