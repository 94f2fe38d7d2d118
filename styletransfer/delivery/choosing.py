"""Whose style? An explicit pick, then hooks of later layers, then the shop's default, else the original.

The answer is found once per request and kept on it. A pick is read from ``?style=slug``, from where picks
of recognised shoppers are kept (``picks.py``), or from a first-party cookie; reading the cookie adds no
``Vary``, so see ``caching.py`` before a page whose style came from a shopper's pick goes into a shared cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from styletransfer.conf import get_settings
from styletransfer.models import StylePreset
from styletransfer.prepared import Prepared
from styletransfer.sources import Source

ORIGINAL = "original"
PARAMETER = "style"
COOKIE = "styletransfer_style"
COOKIE_SECONDS = 365 * 24 * 3600

# Given the chooser; returns a slug, ORIGINAL, rules for some of the photos, or None to leave the choice to
# whoever comes next.
Hook = Callable[["Chooser"], "str | Iterable[Rule] | None"]

# Given the request; returns the pick that is kept for its shopper, "" where they left the choice to the
# shop, or None when nothing is known.
PickReader = Callable[[HttpRequest], str | None]

_hooks: dict[str, tuple[int, Hook]] = {}
_pick_readers: list[PickReader] = []


@dataclass(frozen=True)
class Choice:
    """What is shown and why.

    Attributes:
        preset: slug of the preset, or None for the originals.
        reason: "url", "picked" (kept for a recognised shopper), "cookie", the name of the hook that
            decided, "default" or "original".
        experiment: key of the experiment whose arm this is, or "".
    """

    preset: str | None
    reason: str
    experiment: str = ""


@dataclass(frozen=True)
class Rule:
    """A choice for some of the photos.

    Attributes:
        choice: what they are shown in.
        covers: whether a photo is one of them; None covers all.
    """

    choice: Choice
    covers: Callable[[Source, Model], bool] | None = None


def register_hook(name: str, hook: Hook, *, order: int = 0) -> None:
    """Let a later layer choose when the shopper did not; lower orders are asked first. Replaces by name."""
    _hooks[name] = (order, hook)


def unregister_hook(name: str) -> None:
    """Forget a hook."""
    _hooks.pop(name, None)


def set_pick_reader(reader: PickReader | None) -> None:
    """Say where picks of recognised shoppers are read; they outrank the cookie. None forgets it."""
    _pick_readers[:] = [reader] if reader is not None else []


class Chooser:
    """The style of one request, decided when it is first asked for.

    Args:
        request: the request, or None for mail and other pages without one.
        user: whose style hooks should choose; None leaves it to them to look at ``request.user``.
        use_cookie: whether a remembered pick counts; an API keyed by its URL says no.
    """

    def __init__(
        self, request: HttpRequest | None = None, *, user: Any = None, use_cookie: bool = True
    ) -> None:
        self.request = request
        self.user = user
        self.use_cookie = use_cookie

    @cached_property
    def offered(self) -> tuple[StylePreset, ...]:
        """Presets shoppers may pick from; read once per request."""
        return offered_presets(self.request)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Which photos are shown how: the first rule that covers a photo holds, the last one covers all.

        A pick costs one query to check; otherwise the hooks' queries are all there is.
        """
        picked = self._picked()
        return (Rule(picked),) if picked else tuple(self._unpicked())

    @property
    def choice(self) -> Choice:
        """What the page is shown in, apart from photos that a rule of their own covers."""
        return self.rules[-1].choice

    @property
    def preset(self) -> str | None:
        """Slug of the chosen preset, None for the originals."""
        return self.choice.preset

    @property
    def presets(self) -> tuple[str, ...]:
        """Slugs of every preset that some photo of the page may be shown in, sorted."""
        return tuple(sorted({rule.choice.preset for rule in self.rules if rule.choice.preset}))

    def choice_for(self, source: Source, photo: Model) -> Choice:
        """What one photo is shown in, and why."""
        return next(rule.choice for rule in self.rules if rule.covers is None or rule.covers(source, photo))

    @property
    def asked(self) -> str | None:
        """The value of ``?style=``, known or not."""
        return self.request.GET.get(PARAMETER) if self.request is not None else None

    def knows(self, pick: str) -> bool:
        """Whether a pick is the original or an offered preset."""
        return pick == ORIGINAL or any(preset.slug == pick for preset in self.offered)

    def _picked(self) -> Choice | None:
        if self.request is None:
            return None
        picks = [("url", self.asked)]
        if self.use_cookie and not (self.asked and self.knows(self.asked)):
            kept = next((reader(self.request) for reader in _pick_readers), None)
            picks.append(("cookie", self.request.COOKIES.get(COOKIE)) if kept is None else ("picked", kept))
        for reason, pick in picks:
            if pick and self.knows(pick):
                return _choice(pick, reason)
        return None

    def _unpicked(self) -> Iterator[Rule]:
        for name, (_, hook) in sorted(_hooks.items(), key=lambda item: item[1][0]):
            answer = hook(self)
            rules = [Rule(_choice(answer, name))] if isinstance(answer, str) and answer else answer or ()
            for rule in rules:
                yield rule
                if rule.covers is None:
                    return
        yield Rule(self._default())

    def _default(self) -> Choice:
        slug = get_settings().default_preset
        return _choice(slug, "default") if slug else Choice(None, "original")


def chooser_for(request: Any, *, user: Any = None, use_cookie: bool = True) -> Chooser:
    """The request's chooser, made once. Takes Django's and REST framework's requests, or None."""
    request = getattr(request, "_request", request)
    if request is None:
        return Chooser(user=user, use_cookie=use_cookie)
    choosers = request.__dict__.setdefault("_styletransfer_choosers", {})
    key = (getattr(user, "pk", None), use_cookie)
    if key not in choosers:
        choosers[key] = Chooser(request, user=user, use_cookie=use_cookie)
    chooser: Chooser = choosers[key]
    return chooser


def forget_choice(request: Any) -> None:
    """Let the style be chosen anew within this request, after a pick."""
    getattr(request, "_request", request).__dict__.pop("_styletransfer_choosers", None)


def offered_presets(request: Any = None) -> tuple[StylePreset, ...]:
    """Presets shoppers may pick from, in their order; one query, kept on the request if there is one."""
    request = getattr(request, "_request", request)
    kept = None if request is None else request.__dict__.get("_styletransfer_offered")
    if kept is None:
        kept = tuple(_OFFERED.instances())
        if request is not None:
            request.__dict__["_styletransfer_offered"] = kept
    return kept


_OFFERED = Prepared(
    StylePreset, lambda: StylePreset.objects.offered().only("slug", "name", "description", "position")
)


def _choice(pick: str, reason: str) -> Choice:
    return Choice(None if pick == ORIGINAL else pick, reason)
