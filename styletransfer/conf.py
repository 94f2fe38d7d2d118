"""Every setting of the app: one dict ``STYLETRANSFER``, its defaults and its validation, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from styletransfer.engine.registry import installed_engines
from styletransfer.imaging.masks.base import BUILT_IN as BUILT_IN_MASKERS

Lane = Literal["interactive", "bulk", "encode"]
LANES: tuple[Lane, ...] = ("interactive", "bulk", "encode")
IMAGE_FORMATS = ("avif", "webp", "jpeg")
EVENT_KINDS = ("impression", "view", "click", "add_to_cart", "purchase", "like", "dislike", "pick")
REFRESH_POLICIES = ("at-once", "nightly", "never")
LONGEST_BATCH_WAIT_MS = 5000


@dataclass(frozen=True)
class Settings:
    """The validated ``STYLETRANSFER`` dict; attribute names are the dict's keys in lower case.

    Attributes:
        sources: photo fields to restyle, as keyword arguments of ``sources.register``.
        storage: alias in Django's ``STORAGES`` that keeps masters, renditions and reference pictures.
        upload_prefix: folder inside that storage.
        engines: extra engines, name to ``module:Class``.
        engine_options: keyword arguments by engine name (``{"painter": {"device": "cuda"}}``).
        masker: how the subject of a photo is found: "border", "onnx", "rembg" or ``module:Class``.
        masker_options: keyword arguments of that method (``{"model_path": "/srv/models/isnet.onnx"}``).
        default_preset: slug shown when nobody has picked a style; None shows originals.
        show_unapproved: whether variants that nobody has reviewed may be shown to shoppers.
        refresh: when a changed photo, preset or engine is painted again: "at-once", "nightly" or "never".
        show_replaced: whether the painting of a replaced photo stays on show until the new one is ready.
        dispatcher: "celery" sends hints to Celery workers, "embedded" leaves the rows to
            ``manage.py restyle_worker``.
        queues: Celery queue by lane.
        lease_seconds: how long a claim lasts without a heartbeat.
        max_attempts: tries before a variant is marked as failed.
        batch_size: the most pictures painted at once.
        batch_wait_ms: by paint lane, how long a batch that is not full waits for more pictures.
        max_paint_side: longest side in pixels at which a photo is painted.
        max_bytes: largest source file accepted, in bytes.
        max_pixels: largest source picture accepted, in pixels.
        formats: encodings of a rendition, most wanted first; "jpeg" must be among them.
        qualities: encoder quality by format, 1 to 100.
        stuck_seconds: a lane whose work waits this long without any progress is reported as stuck.
        sweep_grace_hours: how long files and rows that nothing needs are kept.
        monitoring_token: bearer token for health details and metrics; empty admits only staff.
        products: what shoppers view and buy, as keyword arguments of ``products.register``.
        consent_version: version of the texts that ask for consent; a new one asks everybody again.
        event_batch: the most events accepted in one request.
        browser_events: kinds of events that the API takes; leave out those the shop's server records.
        event_days: how long single events are kept; older ones become daily totals.
        profile_days: how long a shopper who does not come back is kept, and the shopper's cookie lasts.
        withdrawn_days: how long data are kept of a shopper who has withdrawn every consent.
        recommender: what finds products that go together: "cosine", "implicit-tfidf", "implicit-als", or
            ``module:Class``.
        recommendation_diversity: from 0 (only relevance counts) to 1 (only that entries differ).
        bought_days: for how long what a shopper bought, or has in the cart, is not recommended to them.
        taste_enabled: whether the taste model may choose styles for shoppers who allowed it.
        taste_floor: least probability of every style it may choose from.
        taste_budget: greatest mean share of choices spent on any style but the one believed best.
        taste_width: factor on the posterior's standard deviations; 1 is Thompson sampling as it stands.
        taste_original: whether the original photo is one of the styles it may choose.
        taste_half_life_days: after how many days something a shopper did counts half as much.
        taste_rows: the most impressions a fit learns from, the newest first.
        taste_effective_size: least effective sample size that lets a policy go live.
        taste_margin: share of the present reward by which a policy's lower bound may fall short.
        taste_promotion: "manual" leaves policies to staff; "automatic" puts them live once nothing speaks
            against them.
        personal_styles: how many mixed styles of their own a shopper may have; 0 for none.
        personal_style_asks: how often a shopper may ask for one in 24 hours, deleted ones included.
        erasure_log: file outside the database that notes erasures, for replay after a restore; "" for none.
    """

    sources: tuple[Mapping[str, str], ...] = ()
    storage: str = "default"
    upload_prefix: str = "styled"
    engines: Mapping[str, str] = field(default_factory=dict)
    engine_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    masker: str = "border"
    masker_options: Mapping[str, Any] = field(default_factory=dict)
    default_preset: str | None = None
    show_unapproved: bool = True
    refresh: Literal["at-once", "nightly", "never"] = "at-once"
    show_replaced: bool = True
    dispatcher: Literal["embedded", "celery"] = "embedded"
    queues: Mapping[str, str] = field(
        default_factory=lambda: {lane: f"styletransfer.{lane}" for lane in LANES}
    )
    lease_seconds: int = 60
    max_attempts: int = 3
    batch_size: int = 4
    batch_wait_ms: Mapping[str, float] = field(default_factory=lambda: {"interactive": 20, "bulk": 200})
    max_paint_side: int = 2048
    max_bytes: int = 20 * 2**20
    max_pixels: int = 40_000_000
    formats: tuple[str, ...] = IMAGE_FORMATS
    qualities: Mapping[str, int] = field(default_factory=lambda: {"avif": 63, "webp": 80, "jpeg": 82})
    stuck_seconds: int = 180
    sweep_grace_hours: int = 24
    monitoring_token: str = ""
    products: tuple[Mapping[str, str], ...] = ()
    consent_version: str = "1"
    event_batch: int = 100
    browser_events: tuple[str, ...] = EVENT_KINDS
    event_days: int = 90
    profile_days: int = 396
    withdrawn_days: int = 30
    recommender: str = "cosine"
    recommendation_diversity: float = 0.25
    bought_days: int = 60
    erasure_log: str = ""
    taste_enabled: bool = True
    taste_floor: float = 0.005
    taste_budget: float = 0.3
    taste_width: float = 0.3
    taste_original: bool = True
    taste_half_life_days: float = 30.0
    taste_rows: int = 200_000
    taste_effective_size: int = 1000
    taste_margin: float = 0.0
    taste_promotion: Literal["manual", "automatic"] = "manual"
    personal_styles: int = 3
    personal_style_asks: int = 10

    @property
    def shows_replaced(self) -> bool:
        """Whether a replaced photo's painting is shown; with no new one to come it would be for ever."""
        return self.show_replaced and self.refresh != "never"

    def engine_paths(self) -> dict[str, str]:
        """Every known engine: built in, from entry points, and from this setting."""
        return {**installed_engines(), **self.engines}


@cache
def get_settings() -> Settings:
    """Read and validate ``settings.STYLETRANSFER``; cached until the setting changes.

    Raises:
        ImproperlyConfigured: an unknown key or an impossible value; the text names both.
    """
    given = getattr(django_settings, "STYLETRANSFER", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("STYLETRANSFER must be a dict.")
    known = {item.name.upper(): item.name for item in fields(Settings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ImproperlyConfigured(
            f"STYLETRANSFER has unknown keys {', '.join(map(repr, unknown))}; "
            f"known keys are {', '.join(sorted(known))}."
        )
    values = {known[key]: value for key, value in given.items()}
    for name in ("sources", "formats", "products", "browser_events"):
        if name in values:
            values[name] = tuple(values[name])
    for name in ("queues", "qualities", "batch_wait_ms"):
        if name in values:
            values[name] = {**getattr(Settings(), name), **values[name]}
    configured = Settings(**values)
    _validate(configured)
    _validate_batch_waits(configured)
    _validate_personal(configured)
    _validate_recommendations(configured)
    _validate_masker(configured)
    return configured


def _validate(configured: Settings) -> None:
    for name in (
        "lease_seconds",
        "max_attempts",
        "batch_size",
        "max_paint_side",
        "max_bytes",
        "max_pixels",
        "stuck_seconds",
        "sweep_grace_hours",
        "event_batch",
        "event_days",
        "profile_days",
        "withdrawn_days",
        "bought_days",
        "taste_rows",
        "taste_effective_size",
    ):
        value = getattr(configured, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ImproperlyConfigured(
                f"STYLETRANSFER[{name.upper()!r}] must be a positive integer, not {value!r}."
            )
    _validate_taste(configured)
    if configured.dispatcher not in ("embedded", "celery"):
        raise ImproperlyConfigured(
            f'STYLETRANSFER["DISPATCHER"] must be "embedded" or "celery", not {configured.dispatcher!r}.'
        )
    if configured.refresh not in REFRESH_POLICIES:
        raise ImproperlyConfigured(
            f'STYLETRANSFER["REFRESH"] must be one of {", ".join(REFRESH_POLICIES)}, '
            f"not {configured.refresh!r}."
        )
    # The sweep deletes what nothing refers to below this folder, so it must be a folder of the app's own.
    if not configured.upload_prefix.strip("/") or {"", ".", ".."} & set(configured.upload_prefix.split("/")):
        raise ImproperlyConfigured(
            'STYLETRANSFER["UPLOAD_PREFIX"] must name a folder of its own inside the storage, such as '
            f'"styled", not {configured.upload_prefix!r}.'
        )
    strange = sorted(set(configured.formats) - set(IMAGE_FORMATS))
    if strange or "jpeg" not in configured.formats:
        raise ImproperlyConfigured(
            f'STYLETRANSFER["FORMATS"] must hold "jpeg" and otherwise only {", ".join(IMAGE_FORMATS)}; '
            f"it is {configured.formats!r}."
        )
    if set(configured.queues) != set(LANES):
        raise ImproperlyConfigured(f'STYLETRANSFER["QUEUES"] may only name the lanes {", ".join(LANES)}.')
    if not all(isinstance(quality, int) and 1 <= quality <= 100 for quality in configured.qualities.values()):
        raise ImproperlyConfigured('STYLETRANSFER["QUALITIES"] must hold integers from 1 to 100.')


def _validate_recommendations(configured: Settings) -> None:
    if not 0 <= configured.recommendation_diversity <= 1:
        raise ImproperlyConfigured(
            'STYLETRANSFER["RECOMMENDATION_DIVERSITY"] must lie between 0 and 1, '
            f"not {configured.recommendation_diversity!r}."
        )


def _validate_batch_waits(configured: Settings) -> None:
    for lane, wait in configured.batch_wait_ms.items():
        if lane not in ("interactive", "bulk") or not 0 <= wait <= LONGEST_BATCH_WAIT_MS:
            raise ImproperlyConfigured(
                'STYLETRANSFER["BATCH_WAIT_MS"] gives the lanes "interactive" and "bulk" 0 to '
                f"{LONGEST_BATCH_WAIT_MS} milliseconds, not {lane!r}: {wait!r}."
            )


def _validate_personal(configured: Settings) -> None:
    if not 0 < len(configured.consent_version) <= 32 or not _is_plain(configured.consent_version):
        raise ImproperlyConfigured(
            'STYLETRANSFER["CONSENT_VERSION"] must be 1 to 32 letters, digits, "-" or "_", '
            f"not {configured.consent_version!r}."
        )
    unknown = sorted(set(configured.browser_events) - set(EVENT_KINDS))
    if unknown:
        raise ImproperlyConfigured(
            f'STYLETRANSFER["BROWSER_EVENTS"] may hold {", ".join(EVENT_KINDS)}, not {", ".join(unknown)}.'
        )


def _validate_taste(configured: Settings) -> None:
    ranges = {"taste_floor": (0.0, 0.5), "taste_budget": (0.001, 1.0), "taste_margin": (0.0, 1.0)}
    ranges |= {"taste_width": (0.01, 2.0), "taste_half_life_days": (0.1, 3650.0)}
    for name, (least, most) in ranges.items():
        value = getattr(configured, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ImproperlyConfigured(
                f"STYLETRANSFER[{name.upper()!r}] must be a number from {least:g} to {most:g}, not {value!r}."
            )
    if configured.taste_promotion not in ("manual", "automatic"):
        raise ImproperlyConfigured(
            'STYLETRANSFER["TASTE_PROMOTION"] must be "manual" or "automatic", '
            f"not {configured.taste_promotion!r}."
        )
    if type(configured.personal_styles) is not int or configured.personal_styles < 0:
        raise ImproperlyConfigured(
            f'STYLETRANSFER["PERSONAL_STYLES"] must be 0 or more, not {configured.personal_styles!r}.'
        )
    if type(configured.personal_style_asks) is not int or configured.personal_style_asks < 1:
        raise ImproperlyConfigured(
            f'STYLETRANSFER["PERSONAL_STYLE_ASKS"] must be 1 or more, not {configured.personal_style_asks!r}.'
        )


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _validate_masker(configured: Settings) -> None:
    if configured.masker not in BUILT_IN_MASKERS and ":" not in configured.masker:
        raise ImproperlyConfigured(
            f'STYLETRANSFER["MASKER"] must be one of {", ".join(BUILT_IN_MASKERS)} or "module:Class", '
            f"not {configured.masker!r}."
        )


def _forget(*, setting: str, **_: object) -> None:
    if setting == "STYLETRANSFER":
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="styletransfer.conf")
