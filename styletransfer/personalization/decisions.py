"""How the style of a page was decided: what could have been shown, what was, and with which probability.

Whoever chooses at random notes it (``note_decision``); the page carries it, signed, in a data attribute; the
script sends it back with each impression. So a propensity in the log is what the server drew with, and no
visitor can make one up. The token holds nothing about the visitor and no time: equal pages stay equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing

from styletransfer.delivery.choosing import ORIGINAL, Choice, chooser_for

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


def decision_of(request: Any, style: str | None = None) -> Decision:
    """What was noted for this request, or the certain decision of its chooser.

    Args:
        request: the page's request.
        style: slug that the page really shows, where it asked for one itself; None takes the chooser's.
    """
    plain = getattr(request, "_request", request)
    noted: Decision | None = plain.__dict__.get("_styletransfer_decision")
    if noted is not None and style in (None, noted.style):
        return noted
    choice = Choice(None if style == ORIGINAL else style, "page") if style else chooser_for(request).choice
    return Decision(style=choice.preset or ORIGINAL, policy=choice.reason)


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
