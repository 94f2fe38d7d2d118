"""The visitor's own page: what they allow, what is kept, download and erasure."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def your_data(request: HttpRequest) -> HttpResponse:
    """Everything is done by the tag in the template."""
    return render(request, "shop/your_data.html")
