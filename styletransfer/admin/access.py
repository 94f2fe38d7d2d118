"""Who may do what, and the record of what they did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest

RESTYLE = "styletransfer.restyle"
REVIEW = "styletransfer.review"
RUN = "styletransfer.run_experiment"
APPLY = "styletransfer.apply_experiment"


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the signed-in user holds ``permission``."""
    return request.user.has_perm(permission)


def require(allowed: bool) -> None:
    """Turn a refusal into the 403 page.

    Raises:
        PermissionDenied: ``allowed`` is false.
    """
    if not allowed:
        raise PermissionDenied


def may_see_model(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the user may look at rows of a host's model, as Django's admin decides it."""
    app, name = model._meta.app_label, model._meta.model_name
    return any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


def log_acts(request: HttpRequest, objects: Iterable[Model], message: str, *, added: bool = False) -> None:
    """Write one entry per object into the admin's history, in the acting user's language."""
    rows = list(objects)
    if rows:
        LogEntry.objects.log_actions(
            cast("int", request.user.pk),
            rows,
            ADDITION if added else CHANGE,
            change_message=message,
        )
