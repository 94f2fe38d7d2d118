"""How the style of a page was decided: what could have been shown, what was, and with which probability.

Whoever chooses at random notes it (``note_decision``); the page carries it, signed, in a data attribute; the
script sends it back with each impression. So a propensity in the log is what the server drew with, and no
visitor can make one up. The token holds nothing about the visitor and no time: equal pages stay equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing

from styletransfer.delivery.choosing import ORIGINAL, Choice, Chooser, chooser_for
from styletransfer.models import StylePreset

_SALT = "styletransfer.decision"
MAX_TOKEN = 4096


@dataclass(frozen=True)
class Decision:
    """One decision on a style.

    Attributes:
        style: slug of what is shown, or "original".
        candidates: keys of the presets it was chosen from; None stands for the original photo. Empty where
            there was nothing to choose from: then what is shown is the only candidate.
        propensity: probability, in (0, 1], with which ``style`` was chosen.
        policy: name and version of what decided, such as ``"taste:12"``; or "url", "cookie", "default".
        seed: of the random draw, for replay; None where nothing was drawn.
    """

    style: str
    candidates: tuple[int | None, ...] = ()
    propensity: float = 1.0
    policy: str = ""
    seed: int | None = None


def note_decision(request: Any, decision: Decision) -> None:
    """Remember how the style of this request was drawn, for the tags that mark impressions."""
    getattr(request, "_request", request).__dict__["_styletransfer_decision"] = decision


def decision_of(request: Any, style: str | StylePreset | Choice | Chooser | None = None) -> Decision:
    """What was noted for this request, or the certain decision of its chooser.

    Args:
        request: the page's request.
        style: what the page shows, as ``styled_picture`` takes it; None takes the request's chooser.
    """
    plain = getattr(request, "_request", request)
    noted: Decision | None = plain.__dict__.get("_styletransfer_decision")
    if noted is not None and style is None:
        return noted
    choice = _choice_of(request, style)
    shown = choice.preset or ORIGINAL
    if noted is not None and noted.style == shown:
        return noted
    return Decision(style=shown, policy=choice.reason)


def _choice_of(request: Any, style: str | StylePreset | Choice | Chooser | None) -> Choice:
    if style is None or isinstance(style, Chooser):
        return (style or chooser_for(request)).choice
    if isinstance(style, Choice):
        return style
    slug = style if isinstance(style, str) else style.slug
    return Choice(None if slug == ORIGINAL else slug, "page")


def sign_decision(decision: Decision, surface: str) -> str:
    """The token that a page carries; equal for equal decisions. ``surface`` names the place, as "list"."""
    fields = [
        decision.style,
        list(decision.candidates),
        decision.propensity,
        decision.policy,
        decision.seed,
        surface,
    ]
    return signing.Signer(salt=_SALT).sign_object(fields, compress=True)


def read_decision(token: str) -> tuple[Decision, str]:
    """The decision and the surface of a token.

    Raises:
        ValueError: it is not one of ours.
    """
    text = "The context of this impression was not made by this shop."
    if len(token) > MAX_TOKEN:
        raise ValueError(text)
    try:
        style, candidates, propensity, policy, seed, surface = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, TypeError) as error:
        raise ValueError(text) from error
    return Decision(style, tuple(candidates), propensity, policy, seed), surface
