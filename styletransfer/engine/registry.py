"""Names to engines: our own, those of entry points, and those a shop's settings add."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from styletransfer.engine.base import Engine, EngineUnavailableError

ENTRY_POINT_GROUP = "styletransfer.engines"
BUILT_IN: Mapping[str, str] = {
    "painter": "styletransfer.engine.painter_engine:PainterEngine",
    "unify": "styletransfer.engine.unify_engine:UnifyEngine",
    "onnx": "styletransfer.engine.onnx_engine:OnnxEngine",
}


@cache
def installed_engines() -> dict[str, str]:
    """Engine names and their ``module:Class`` paths from this package and from installed entry points."""
    found = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {**found, **BUILT_IN}


def create_engine(path: str, **options: object) -> Engine:
    """Instantiate the engine at ``module:Class`` (a dotted ``module.Class`` works too).

    Raises:
        EngineUnavailableError: the class cannot be imported here; the message names what is missing.
    """
    engine: Engine = engine_class(path)(**options)
    return engine


def engine_class(path: str) -> type[Any]:
    """The class at ``module:Class``; importing it must load no model.

    Raises:
        EngineUnavailableError: it cannot be imported here; the message names what is missing.
    """
    module_name, _, class_name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        found: type[Any] = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise EngineUnavailableError(f"Engine {path!r} cannot be loaded: {error}") from error
    return found
