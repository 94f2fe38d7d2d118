"""The API's documentation as a page of the store, without scripts from elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every operation of the OpenAPI document with its parameters."""
    schema = SchemaGenerator().get_schema(public=True)
    operations = [
        _operation(path, method, described)
        for path, methods in schema["paths"].items()
        for method, described in methods.items()
    ]
    return render(request, "shop/api_docs.html", {"operations": operations, "info": schema["info"]})


def _operation(path: str, method: str, described: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "summary": described.get("summary") or described.get("description", ""),
        "parameters": described.get("parameters", []),
        # An address without a placeholder can be opened as it is.
        "address": path if method == "get" and "{" not in path else "",
    }
