"""Health of the lanes over HTTP, for load balancers, orchestrators and people."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from styletransfer.conf import get_settings
from styletransfer.jobs.health import read_health
from styletransfer.jobs.log import get_logger

logger = get_logger(__name__)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 while every lane makes progress, 503 when one is stuck or the database does not answer.

    The details are for staff and for holders of ``MONITORING_TOKEN``; everybody else reads one word.
    """
    try:
        found = read_health()
    except DatabaseError:
        logger.exception("The health of the lanes could not be read.")
        return JsonResponse({"status": "unavailable"}, status=503)
    problems = found.problems
    answer: dict[str, Any] = {"status": "stuck" if problems else "ok"}
    if may_monitor(request):
        answer |= {"problems": problems, **found.as_dict()}
    return JsonResponse(answer, status=503 if problems else 200)


def may_monitor(request: HttpRequest) -> bool:
    """Whether the request comes from active staff or carries ``Authorization: Bearer MONITORING_TOKEN``."""
    token = get_settings().monitoring_token
    kind, _space, given = request.headers.get("Authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and constant_time_compare(given.strip(), token):
        return True
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_active and user.is_staff)
