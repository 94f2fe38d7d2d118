"""What was ticked on a changelist, kept small enough for a session, and the photos it leads to.

A selection of "all N matching" is kept as the changelist's filters, not as N ids. On the confirm page and
again on submit the host's own changelist resolves it, with that user's rights, and a fingerprint tells
whether other photos are selected by then than were shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR, ChangeList
from django.db import connection
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Model,
    OuterRef,
    QuerySet,
    Sum,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, Replace
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from styletransfer.admin.photos import permitted_photos, photos_of, product_model
from styletransfer.models import StyledVariant, VariantState
from styletransfer.sources import Source, all_sources, get_source

SESSION_KEY = "styletransfer_selections"
SAMPLES_KEY = "styletransfer_samples"
KEPT_SELECTIONS = 10


@dataclass(frozen=True)
class Selection:
    """Rows of one changelist.

    Attributes:
        model: ``app_label.model_name`` of the changelist.
        query: its filters, search and order as a query string, without the page.
        across: whether all matching rows are meant.
        pks: the ticked rows' keys as text where not; at most one page of them.
        job: of a review, the job; the rows are the photos of its pictures. A report has none.
        review: of a review, which of its pictures are meant where none are ticked; empty means all.
        words: of a review or report, the selection in words; ``query`` then is the address of its page.
    """

    model: str
    query: str
    across: bool
    pks: tuple[str, ...] = ()
    job: int = 0
    review: str = ""
    words: str = ""

    def reviewed_rows(self) -> QuerySet[Any]:
        """The photos behind a review's pictures."""
        source = get_source(self.model)
        rows = source.model._default_manager.all()
        if self.pks:
            return rows.filter(pk__in=self.pks)
        painted = StyledVariant.objects.filter(jobs=self.job, state=VariantState.READY)
        if self.review:
            painted = painted.filter(review=self.review)
        return rows.filter(pk__in=painted.order_by().values_list(key_of(source, F("object_id")), flat=True))


@dataclass(frozen=True)
class Reach:
    """The photos of one source that a selection leads to.

    Attributes:
        source: where they are.
        photos: those the user may restyle.
        count: their number.
        refused: number of selected photos that the user may not restyle.
        selected: permitted and refused ones together.
        stamp: changes when other photos are selected.
    """

    source: Source
    photos: QuerySet[Any]
    count: int
    refused: int
    selected: QuerySet[Any]
    stamp: tuple[int, str]


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


def remember_samples(request: HttpRequest, token: str, variant_ids: list[int]) -> None:
    """Keep which previews were painted for a selection."""
    kept = request.session.get(SESSION_KEY, {})
    samples = {name: ids for name, ids in request.session.get(SAMPLES_KEY, {}).items() if name in kept}
    request.session[SAMPLES_KEY] = {**samples, token: variant_ids}


def recall_samples(request: HttpRequest, token: str) -> list[int]:
    """Ids of the previews painted for a selection."""
    return list(request.session.get(SAMPLES_KEY, {}).get(token, []))


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


def reaches(
    request: HttpRequest, site: AdminSite, rows: QuerySet[Any], host: ModelAdmin[Any] | None = None
) -> list[Reach]:
    """The photos that rows of a source, or of a product model, lead to; sources without any are left out.

    Each source costs one aggregate, two where the user may not restyle all of its photos.
    """
    found = []
    keys = rows.order_by().values("pk")
    for source in all_sources():
        if issubclass(rows.model, source.model):
            photos = photos_of(source).filter(pk__in=keys)
        elif leads_to(rows.model, source):
            photos = photos_of(source).filter(**{f"{source.product}__in": keys})
        else:
            continue
        permitted = permitted_photos(request, site, source, photos)
        if (narrow := getattr(host, "get_restylable_photos", None)) is not None:
            permitted = narrow(request, source, permitted)
        stamp = _stamp(source, permitted)
        refused = photos.count() - stamp[0] if permitted is not photos else 0
        if stamp[0] or refused:
            found.append(Reach(source, permitted, stamp[0], refused, photos, stamp))
    return found


def key_of(source: Source, object_id: F | OuterRef) -> Func:
    """A variant's ``object_id`` in the type and spelling of the source's primary key.

    A database without a UUID type keeps UUID keys as 32 digits, ``object_id`` has them with hyphens.
    """
    key = source.model._meta.pk
    if isinstance(key, UUIDField) and not connection.features.has_native_uuid_field:
        return Replace(object_id, Value("-"), Value(""), output_field=CharField())
    kind = BigIntegerField() if isinstance(key, IntegerField) else key.__class__()
    return Cast(object_id, kind)


def _stamp(source: Source, photos: QuerySet[Any]) -> tuple[int, str]:
    """(number of photos, text that changes with which they are), by one aggregate in the database."""
    if isinstance(source.model._meta.pk, IntegerField):
        edges: dict[str, Any] = {"lowest": Min("pk"), "highest": Max("pk"), "sum": Sum("pk")}
    else:
        text = Cast("pk", CharField(max_length=64))
        edges = {"lowest": Min(text), "highest": Max(text)}
    found = photos.order_by().aggregate(number=Count("pk"), **edges)
    number = found.pop("number")
    return number, ":".join(str(found[name]) for name in sorted(found))


def leads_to(model: type[Model], source: Source) -> bool:
    """Whether rows of ``model`` are the products of a source's photos."""
    product = product_model(source)
    return product is not None and issubclass(model, product)


def fingerprint(found: Iterable[Reach]) -> str:
    """Digest of how many photos are selected and of the range and sum of their keys."""
    stamps = [(reach.source.label, reach.stamp) for reach in found]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:32]


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
