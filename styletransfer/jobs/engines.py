"""One instance of each engine per process, created from the settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from django.core.signals import setting_changed
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.engine.base import CODE_SIZE, Engine, EngineUnavailableError, PaintRequest
from styletransfer.engine.registry import create_engine

_painting = threading.RLock()


@cache
def get_engine(name: str) -> Engine:
    """The engine of that name with its ``ENGINE_OPTIONS``; the model itself is loaded by its first picture.

    Raises:
        EngineUnavailableError: no such engine, or it cannot be imported in this process.
    """
    configured = get_settings()
    paths = configured.engine_paths()
    if name not in paths:
        raise EngineUnavailableError(
            _('There is no engine "%(name)s"; known engines are %(known)s.')
            % {"name": name, "known": ", ".join(sorted(paths))}
        )
    return create_engine(paths[name], **dict(configured.engine_options.get(name, {})))


def engine_digest(name: str) -> str:
    """Digest of an engine's weights and code; needs neither torch nor a GPU.

    Raises:
        EngineUnavailableError: see ``get_engine``.
    """
    return get_engine(name).digest()


@contextmanager
def exclusive(name: str) -> Iterator[Engine]:
    """An engine for one thread at a time, as the engine contract asks.

    Raises:
        EngineUnavailableError: see ``get_engine``.
    """
    engine = get_engine(name)
    with _painting:
        yield engine


def warm_up(name: str) -> None:
    """Load an engine's model by painting a small grey picture.

    Raises:
        EngineUnavailableError: see ``get_engine``; whatever the engine itself raises passes too.
    """
    grey = np.full((64, 64, 3), 128, np.uint8)
    with exclusive(name) as engine:
        code = np.zeros(CODE_SIZE, np.float32) if engine.uses_style_code else None
        engine.paint([PaintRequest(grey, code)])


def _forget(*, setting: str, **_kwargs: object) -> None:
    if setting == "STYLETRANSFER":
        get_engine.cache_clear()


setting_changed.connect(_forget, dispatch_uid="styletransfer.jobs.engines")
