"""Plots of a taste policy as SVG: the geometry is computed here, a template draws it, no script runs.

All are 360 units wide, so that text keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from styletransfer.personalization.offpolicy.estimators import Interval
from styletransfer.personalization.offpolicy.gate import Evaluation

WIDTH, MARGIN, ROW, TOP = 360, 14, 40, 8


@dataclass(frozen=True)
class Scale:
    """From values to places between the margins."""

    least: float
    most: float

    @classmethod
    def around(cls, values: Sequence[float]) -> Scale:
        """A range that holds all values with some air."""
        least, most = min(values), max(values)
        air = (most - least) * 0.06 or max(abs(most), 1e-6) * 0.1
        return cls(least - air, most + air)

    def place(self, value: float, *, low: float = MARGIN, high: float = WIDTH - MARGIN) -> float:
        """Place of a value from ``low`` to ``high``, with one decimal."""
        return round(low + (high - low) * (value - self.least) / (self.most - self.least), 1)

    def ticks(self, wanted: int = 4) -> list[float]:
        """Round values within the range, about as many as wanted."""
        span = (self.most - self.least) / wanted
        power = 10.0 ** _floor_log10(span)
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= span * 0.999)
        first = int(self.least / step) - 1
        candidates = [step * (first + number) for number in range(wanted * 4)]
        return [tick for tick in candidates if self.least <= tick <= self.most]


def intervals_plot(evaluation: Evaluation) -> dict[str, Any]:
    """Each estimate with its interval, and a line where the present policy stands."""
    named: list[tuple[str, str, Interval | None]] = [
        (_("Live now"), "current", evaluation.current),
        (_("This, doubly robust"), "best", evaluation.doubly_robust),
        (_("This, self-normalised"), "other", evaluation.snipw),
        (_("This, weighted"), "other", evaluation.ipw),
    ]
    shown = [(label, kind, interval) for label, kind, interval in named if interval is not None]
    scale = Scale.around([value for _, _, one in shown for value in (one.lower, one.upper)])
    rows = [
        {
            "label": label,
            "kind": kind,
            "text_y": TOP + ROW * number + 14,
            "y": TOP + ROW * number + 27,
            "left": scale.place(one.lower),
            "right": scale.place(one.upper),
            "width": round(scale.place(one.upper) - scale.place(one.lower), 1),
            "middle": scale.place(one.estimate),
            "value": _("%(estimate)s (%(lower)s to %(upper)s)")
            % {name: percent(getattr(one, name)) for name in ("estimate", "lower", "upper")},
        }
        for number, (label, kind, one) in enumerate(shown)
    ]
    return {
        "rows": rows,
        "line": scale.place(evaluation.current.estimate),
        "bottom": TOP + ROW * len(rows) + 4,
        "height": TOP + ROW * len(rows) + 24,
        "ticks": [{"x": scale.place(tick), "label": percent(tick)} for tick in scale.ticks()],
    }


def styles_plot(styles: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often a newcomer sees each style, most often first."""
    ordered = sorted(styles, key=lambda style: -style["newcomers"])
    most = max((style["newcomers"] for style in ordered), default=1.0) or 1.0
    space = WIDTH - 2 * MARGIN
    rows = [
        {
            "label": style["slug"],
            "text_y": TOP + ROW * number + 14,
            "y": TOP + ROW * number + 20,
            "width": round(space * style["newcomers"] / most, 1),
            "value": percent(style["newcomers"]),
            "rate": percent(style["answered"] / style["shown"]) if style["shown"] else "",
            "shown": number_format(style["shown"], force_grouping=True),
        }
        for number, style in enumerate(ordered)
    ]
    return {"rows": rows, "height": TOP + ROW * len(rows) + 4}


def calibration_plot(groups: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """What the model promised against what happened, in ten equal groups; None without groups."""
    if not groups:
        return None
    most = max(max(group[:2]) for group in groups) * 1.08 or 1.0
    scale = Scale(0.0, most)
    side = 240
    points = [
        {
            "x": scale.place(predicted, low=44, high=44 + side),
            "y": scale.place(answered, low=side + TOP, high=TOP),
            "title": _("promised %(predicted)s, happened %(answered)s, %(count)s impressions")
            % {
                "predicted": percent(predicted),
                "answered": percent(answered),
                "count": number_format(count, force_grouping=True),
            },
        }
        for predicted, answered, count in groups
    ]
    ticks = [
        {
            "x": scale.place(tick, low=44, high=44 + side),
            "y": scale.place(tick, low=side + TOP, high=TOP),
            "label": percent(tick),
        }
        for tick in scale.ticks()
    ]
    error = sum(abs(answered - predicted) for predicted, answered, _ in groups) / len(groups)
    return {"points": points, "ticks": ticks, "side": side, "error": percent(error)}


def percent(share: float) -> str:
    """A share in words, with as many decimals as small rates need."""
    value = 100 * share
    decimals = 0 if abs(value) >= 20 else 1 if abs(value) >= 10 else 2
    return f"{number_format(value, decimals)} %"


def _floor_log10(value: float) -> int:
    exponent = 0
    while value >= 10:
        value, exponent = value / 10, exponent + 1
    while 0 < value < 1:
        value, exponent = value * 10, exponent - 1
    return exponent
