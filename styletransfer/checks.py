"""System checks of the settings and of what they name; every finding has an id and a hint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string
from PIL import features

from styletransfer.conf import LANES, Settings, get_settings
from styletransfer.products import all_products
from styletransfer.sources import all_sources

SHOPPER_MIDDLEWARE = "styletransfer.personalization.middleware.ShopperMiddleware"

AppConfigs = Sequence[AppConfig] | None


@checks.register("styletransfer")
def check_settings(app_configs: AppConfigs = None, **_: Any) -> list[CheckMessage]:
    """Everything that can be told from the settings alone, without a database."""
    try:
        configured = get_settings()
    except (ImproperlyConfigured, TypeError) as error:
        return [
            Error(
                str(error),
                hint="See docs/reference/settings.md for every key of STYLETRANSFER.",
                id="styletransfer.E001",
            )
        ]
    return [
        *_check_sources(),
        *_check_products(),
        *_check_storage(configured),
        *_check_middleware(configured),
        *_check_engines(configured),
        *_check_formats(configured),
        *_check_queues(configured),
    ]


@checks.register(checks.Tags.database)
def check_presets(
    app_configs: AppConfigs = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Presets and engines that rows and settings name; runs with ``migrate`` and ``check --database``."""
    from styletransfer.models import StylePreset  # noqa: PLC0415  (checks load before models)

    if not databases or connection.alias not in databases:
        return []
    try:
        engines = dict(StylePreset.objects.looks().values_list("slug", "engine"))
    except DatabaseError:
        return []  # not migrated yet
    configured = get_settings()
    found: list[CheckMessage] = []
    wanted = configured.default_preset
    if wanted and wanted not in engines:
        found.append(
            Error(
                f'STYLETRANSFER["DEFAULT_PRESET"] names the preset {wanted!r}, which does not exist.',
                hint="Run `manage.py load_presets` or choose one of: "
                + (", ".join(sorted(engines)) or "none yet"),
                id="styletransfer.E007",
            )
        )
    known = configured.engine_paths()
    found.extend(
        Error(
            f"Preset {slug!r} uses the engine {engine!r}, which is not registered.",
            hint=f'Add it to STYLETRANSFER["ENGINES"] or choose one of: {", ".join(sorted(known))}.',
            id="styletransfer.E006",
        )
        for slug, engine in engines.items()
        if engine not in known
    )
    return [*found, *_check_opencv(known)]


def _check_opencv(engines: Collection[str]) -> list[CheckMessage]:
    """Whether masks can be found on this machine, if a preset of a known engine needs them."""
    from styletransfer.models import StylePreset  # noqa: PLC0415  (checks load before models)

    if find_spec("cv2") is not None:
        return []
    presets = StylePreset.objects.looks().filter(is_active=True, engine__in=engines)
    names = sorted(preset.slug for preset in presets if preset.uses_mask)
    if not names:
        return []
    return [
        checks.Warning(
            f"OpenCV is not installed here, but these presets look for the product or for print in a"
            f" photo: {', '.join(names)}. A worker on this machine cannot paint them.",
            hint='Run pip install "django-styletransfer[masks]" wherever workers run.',
            id="styletransfer.W005",
        )
    ]


def _check_sources() -> list[CheckMessage]:
    sources = list(all_sources())
    if not sources:
        return [
            checks.Warning(
                "No model with photos is registered.",
                hint='Add one to STYLETRANSFER["SOURCES"] or call styletransfer.sources.register().',
                id="styletransfer.W001",
            )
        ]
    return [
        Error(
            problem,
            hint=f"Correct its registration: image=, product= and alt= name fields of {source.label}.",
            obj=source.model,
            id="styletransfer.E002",
        )
        for source in sources
        for problem in source.problems()
    ]


def _check_products() -> list[CheckMessage]:
    return [
        Error(
            problem,
            hint='Correct its entry in STYLETRANSFER["PRODUCTS"] or the call of products.register().',
            obj=product.model,
            id="styletransfer.E009",
        )
        for product in all_products()
        for problem in product.problems()
    ]


def _check_middleware(configured: Settings) -> list[CheckMessage]:
    if not configured.products or SHOPPER_MIDDLEWARE in django_settings.MIDDLEWARE:
        return []
    return [
        checks.Warning(
            "Shoppers are not remembered at login nor forgotten at logout, and shared caches may keep what "
            "was made for one of them.",
            hint=f"Add {SHOPPER_MIDDLEWARE!r} to MIDDLEWARE, after SessionMiddleware.",
            id="styletransfer.W004",
        )
    ]


def _check_storage(configured: Settings) -> list[CheckMessage]:
    if configured.storage in django_settings.STORAGES:
        return []
    return [
        Error(
            f'STYLETRANSFER["STORAGE"] names {configured.storage!r}, which STORAGES does not define.',
            hint=f"Add it to STORAGES or use one of: {', '.join(sorted(django_settings.STORAGES))}.",
            id="styletransfer.E003",
        )
    ]


def _check_engines(configured: Settings) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name, path in configured.engines.items():
        try:
            import_string(path.replace(":", "."))
        except ImportError as error:
            found.append(
                Error(
                    f'STYLETRANSFER["ENGINES"][{name!r}] cannot be imported: {error}',
                    hint="Give it as 'module:Class'; the module must import without its heavy dependencies.",
                    id="styletransfer.E004",
                )
            )
    unknown = sorted(set(configured.engine_options) - set(configured.engine_paths()))
    if unknown:
        found.append(
            Error(
                f'STYLETRANSFER["ENGINE_OPTIONS"] names unknown engines: {", ".join(unknown)}.',
                hint=f"Known engines: {', '.join(sorted(configured.engine_paths()))}.",
                id="styletransfer.E005",
            )
        )
    return found


def _check_formats(configured: Settings) -> list[CheckMessage]:
    return [
        checks.Warning(
            f"This Pillow cannot write {name.upper()}, so variants will lack that format.",
            hint="Install Pillow 11.3 or newer from a wheel, or leave the format out of "
            'STYLETRANSFER["FORMATS"].',
            id="styletransfer.W002",
        )
        for name in configured.formats
        if name != "jpeg" and not features.check(name)
    ]


def _check_queues(configured: Settings) -> list[CheckMessage]:
    if configured.dispatcher != "celery":
        return []
    try:
        from celery import current_app  # noqa: PLC0415  (an optional extra)
    except ImportError:
        return [
            Error(
                'STYLETRANSFER["DISPATCHER"] is "celery", but Celery is not installed.',
                hint='Run pip install "django-styletransfer[celery]" or use the "embedded" dispatcher.',
                id="styletransfer.E008",
            )
        ]
    declared = {queue.name for queue in current_app.conf.task_queues or ()}
    missing = [configured.queues[lane] for lane in LANES if configured.queues[lane] not in declared]
    if not declared or not missing:
        return []
    return [
        checks.Warning(
            f"Celery's task_queues does not declare {', '.join(missing)}, so no worker may serve them.",
            hint="Add the queues to task_queues, or start a worker with -Q " + ",".join(missing) + ".",
            id="styletransfer.W003",
        )
    ]
