"""Who is asking: the shopper behind a request, found by a signed first-party cookie or by the account.

The cookie exists only after consent. Reading it touches neither the session nor ``request.user``, so a
public page that asks who is looking gets no ``Vary: Cookie``; a page whose content depends on the answer
must not go into a shared cache (``ShopperMiddleware`` marks it private).
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Exists
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.models import Shopper, SnapshotState, TasteSnapshot
from styletransfer.models.shopper import ShopperQuerySet
from styletransfer.personalization.locking import lock_people
from styletransfer.personalization.privacy import merge_registered
from styletransfer.prepared import Prepared

COOKIE = "styletransfer_shopper"
# Whether a taste policy was live when the shopper was read; missing on rows read otherwise.
LIVE_TASTE = "has_live_taste"
_SALT = "styletransfer.shopper"
_SEEN_EVERY = timedelta(days=1)


def shopper_of(request: Any, *, by_user: bool = False) -> Shopper | None:
    """The shopper behind a request, or None. Never writes.

    Without the cookie (and, with ``by_user``, without a signed-in user) it makes no query; else one, kept on
    the request. The row is annotated with what the shopper allowed (see ``Shopper.objects.with_consent``).

    Args:
        request: Django's or REST framework's request, or None.
        by_user: fall back to ``request.user``'s shopper. For personal pages and the API: it reads the
            session, which makes a page vary by cookie.
    """
    if request is None:
        return None
    plain = _plain(request)
    if "_styletransfer_shopper" not in plain.__dict__:
        key = _cookie_key(plain)
        plain.__dict__["_styletransfer_shopper"] = None if key is None else _by_key(key)
    shopper: Shopper | None = plain.__dict__["_styletransfer_shopper"]
    if not by_user:
        return shopper
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return shopper
    if shopper is None or shopper.user_id != user.pk:
        # Who is signed in outranks a cookie that somebody else's account or an earlier visit left.
        account = account_of(user)
        if account is not None or (shopper is not None and shopper.user_id is not None):
            shopper = account
            plain.__dict__["_styletransfer_shopper"] = shopper
    return shopper


def account_of(user: Any) -> Shopper | None:
    """The shopper of a user's account, with consent; one query."""
    return _known().filter(user=user).first()


def ensure_shopper(request: Any) -> Shopper:
    """The shopper behind a request, made if there is none: call it only when somebody consents."""
    shopper = shopper_of(request, by_user=True)
    if shopper is None:
        user = getattr(request, "user", None)
        owner = user if user is not None and user.is_authenticated else None
        try:
            with transaction.atomic():
                shopper = Shopper.objects.create(user=owner)
        except IntegrityError:  # the same account consents twice at once
            shopper = Shopper.objects.get(user=owner)
    remember(request, shopper)
    return shopper


class NotTheOwnerError(Exception):
    """The cookie belongs to an account that is not signed in; the text is for the shopper."""


def own_shopper(request: Any) -> Shopper | None:
    """The shopper whose data this request may export, erase and decide on.

    Raises:
        NotTheOwnerError: the browser is an account's, but nobody has signed in to it now.
    """
    shopper = shopper_of(request, by_user=True)
    if shopper is not None and shopper.user_id is not None:
        user = getattr(request, "user", None)
        if user is None or user.pk != shopper.user_id:
            raise NotTheOwnerError(_("Sign in first: these data belong to your account."))
    return shopper


def remember(request: Any, shopper: Shopper | None) -> None:
    """Let the response to this request set the shopper's cookie, or delete it for None."""
    plain = _plain(request)
    plain.__dict__["_styletransfer_shopper"] = shopper
    plain.__dict__["_styletransfer_shopper_cookie"] = shopper.key if shopper is not None else ""


def apply_cookie(request: Any, response: HttpResponseBase) -> bool:
    """Write what ``remember`` asked for, if it did; the middleware does so for every response.

    Returns:
        Whether there was something to write.
    """
    plain = _plain(request)
    key = plain.__dict__.pop("_styletransfer_shopper_cookie", None)
    if key is None:
        return False
    if key == "":
        response.delete_cookie(COOKIE, samesite="Lax")
        return True
    response.set_cookie(
        COOKIE,
        signing.Signer(salt=_SALT).sign(str(key)),
        max_age=get_settings().profile_days * 24 * 3600,
        samesite="Lax",
        httponly=True,
        secure=plain.is_secure(),
    )
    return True


def was_read(request: HttpRequest) -> bool:
    """Whether something has asked who is looking and got an answer."""
    return request.__dict__.get("_styletransfer_shopper") is not None


def touch(shopper: Shopper) -> None:
    """Note that the shopper is still around, at most once a day; call it where events are recorded."""
    now = timezone.now()
    if now - shopper.last_seen_at >= _SEEN_EVERY:
        Shopper.objects.filter(pk=shopper.pk).update(last_seen_at=now)
        shopper.last_seen_at = now


@transaction.atomic
def merge(old: Shopper, kept: Shopper) -> None:
    """Move all that is known of one shopper to another; cookies with the old key lead to the other from now.

    The newer pick of a style wins. Consent records keep their time, so the newest decision holds.
    """
    if old.pk == kept.pk:
        return
    locked = {one.pk: one for one in lock_people(old, kept)}
    if not {old.pk, kept.pk} <= locked.keys() or locked[old.pk].merged_into_id is not None:
        return  # erased or merged meanwhile
    old, kept = locked[old.pk], locked[kept.pk]
    merge_registered(old, kept)
    if old.picked_at and (kept.picked_at is None or old.picked_at > kept.picked_at):
        kept.picked_style, kept.picked_at = old.picked_style, old.picked_at
    kept.last_seen_at = max(kept.last_seen_at, old.last_seen_at)
    kept.save(update_fields=["picked_style", "picked_at", "last_seen_at"])
    Shopper.objects.filter(merged_into=old).update(merged_into=kept)
    old.merged_into, old.user, old.picked_style, old.picked_at = kept, None, "", None
    old.save(update_fields=["merged_into", "user", "picked_style", "picked_at"])


def logged_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """At login: what this browser's shopper did becomes the account's. Receiver of ``user_logged_in``."""
    if request is None:
        return
    browser = shopper_of(request)
    if browser is not None:
        try:
            _bind(browser, user)
        except IntegrityError:  # the account's first login, on two devices at once
            _bind(browser, user)
    found = account_of(user)
    if found is not None or COOKIE in _plain(request).COOKIES:
        remember(request, found)


@transaction.atomic
def _bind(browser: Shopper, user: Any) -> None:
    """Make a browser's shopper the account's, unless somebody else's account used the browser before."""
    account = account_of(user)
    locked = {one.pk: one for one in lock_people(*filter(None, (browser, account)))}
    found = locked.get(browser.pk)
    if found is None or found.merged_into_id is not None or found.user_id is not None:
        return
    if account is not None and account.pk in locked:
        merge(found, locked[account.pk])
    else:
        Shopper.objects.filter(pk=found.pk).update(user=user)


def logged_out(sender: Any, request: Any, user: Any = None, **kwargs: Any) -> None:
    """At logout the browser forgets the account's shopper. Receiver of ``user_logged_out``."""
    if request is not None and COOKIE in _plain(request).COOKIES:
        remember(request, None)


def _plain(request: Any) -> Any:
    return getattr(request, "_request", request)


def _cookie_key(request: HttpRequest) -> uuid.UUID | None:
    given = request.COOKIES.get(COOKIE)
    if not given:
        return None
    try:
        return uuid.UUID(signing.Signer(salt=_SALT).unsign(given))
    except (signing.BadSignature, ValueError):
        return None


def _known() -> ShopperQuerySet:
    """Shoppers with consent, and whether a taste policy is live: a shop without one asks for no taste."""
    return _known_in(get_settings().consent_version).all()


@lru_cache(maxsize=8)
def _known_in(_version: str) -> ShopperQuerySet:
    """The query, never run itself: building it anew cost every personal page about a millisecond."""
    live = TasteSnapshot.objects.filter(state=SnapshotState.LIVE)
    return Shopper.objects.with_consent().annotate(**{LIVE_TASTE: Exists(live)})


def _by_key(key: uuid.UUID) -> Shopper | None:
    """The shopper of a key, or the one it was merged into; one query."""
    direct, merged = _by_key_in(get_settings().consent_version)
    return next(iter(direct.instances(key=key)), None) or next(iter(merged.instances(key=key)), None)


@lru_cache(maxsize=8)
def _by_key_in(_version: str) -> tuple[Prepared, Prepared]:
    """Queries by key of a shopper, and by key of one that was merged into it."""
    return (
        Prepared(Shopper, lambda key: _known().filter(key=key, merged_into=None).order_by("pk"), key="key"),
        Prepared(Shopper, lambda key: _known().filter(merged__key=key).order_by("pk")[:1], key="key"),
    )
