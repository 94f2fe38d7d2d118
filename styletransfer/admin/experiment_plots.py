"""Plots of experiments as SVG made on the server: no script, no inline style, readable by screen readers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from styletransfer.admin.experiment_words import days, signed
from styletransfer.experiments.statistics.analysis import Comparison, Point

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 12, 28
# Bottom and top of a plot, as relative differences.
Limits = tuple[float, float]
STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)


def sequence_plot(comparison: Comparison, name: str, lift: float) -> SafeString:
    """How the range a difference may lie in has closed in day by day.

    Args:
        comparison: one arm against the control.
        name: the arm's.
        lift: difference worth finding, drawn as two thin lines.
    """
    points = [one for one in comparison.points if math.isfinite(one.estimate.upper)]
    if not points:
        return format_html('<p class="st-quiet">{}</p>', _("There is nothing to draw yet."))
    limit = _limits(points, lift)
    last = points[-1].estimate
    label = _("%(look)s: %(change)s, between %(low)s and %(high)s") % {
        "look": name,
        "change": signed(last.value),
        "low": signed(max(last.lower, -1)),
        "high": signed(last.upper),
    }
    xs = [_x(place, len(points)) for place in range(len(points))]
    upper = [_y(one.estimate.upper, limit) for one in points]
    lower = [_y(one.estimate.lower, limit) for one in points]
    values = [_y(one.estimate.value, limit) for one in points]
    outline = [*zip(xs, upper, strict=True), *reversed(list(zip(xs, lower, strict=True)))]
    kind = "better" if comparison.is_better else "worse" if comparison.is_worse else "open"
    return format_html(
        '<svg class="st-plot st-plot--{}" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '{}<polygon class="st-plot-band" points="{}"/><polyline class="st-plot-line" points="{}"/>'
        '<circle class="st-plot-dot" cx="{}" cy="{}" r="4"/>{}</svg>',
        kind,
        WIDTH,
        HEIGHT,
        label,
        _grid(limit, lift),
        _joined(outline),
        _joined(list(zip(xs, values, strict=True))),
        f"{xs[-1]:.1f}",
        f"{values[-1]:.1f}",
        _dates(points),
    )


def plan_bars(rows: Sequence[tuple[str, float, bool]]) -> SafeString:
    """How long each size of difference takes, as bars.

    Args:
        rows: (difference in words, days, whether it is the one asked for).
    """
    longest = max((min(number, 730) for _words, number, _chosen in rows), default=1) or 1
    drawn = [
        (
            " st-plan-row--chosen" if chosen else "",
            words,
            f"{max(1.0, 100 * min(number, 730) / longest):.1f}",
            days(number),
        )
        for words, number, chosen in rows
    ]
    return format_html(
        '<table class="st-plan">{}</table>',
        format_html_join(
            "",
            '<tr class="st-plan-row{}"><th scope="row">{}</th><td class="st-plan-bar">'
            '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="{}" height="10"/></svg></td>'
            "<td>{}</td></tr>",
            drawn,
        ),
    )


def _limits(points: Sequence[Point], lift: float) -> Limits:
    """Bottom and top of the plot: what the later part of the band needs, not its wild beginning."""
    late = points[len(points) // 3 :]
    top = max(one.estimate.upper for one in late) * 1.1
    bottom = min(one.estimate.lower for one in late) * 1.1
    return max(-1.0, min(bottom, -1.4 * lift)), min(2.0, max(top, 1.4 * lift))


def _x(place: int, number: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (place / (number - 1) if number > 1 else 1.0)


def _y(value: float, limits: Limits) -> float:
    bottom, top = limits
    bounded = min(max(value, bottom), top)
    return TOP + (HEIGHT - TOP - BOTTOM) * (top - bounded) / (top - bottom)


def _grid(limit: Limits, lift: float) -> SafeString:
    bottom, top = limit
    step = next((one for one in STEPS if (top - bottom) / one <= 6), STEPS[-1])
    ticks = [step * place for place in range(-6, 7) if bottom <= step * place <= top]
    lines = [("zero" if not one else "tick", one) for one in ticks]
    wanted = [("lift", one) for one in (lift, -lift) if bottom <= one <= top]
    return format_html(
        "{}{}",
        format_html_join(
            "",
            '<line class="st-plot-{}" x1="{}" x2="{}" y1="{}" y2="{}"/>',
            (
                (kind, LEFT, WIDTH - RIGHT, f"{_y(one, limit):.1f}", f"{_y(one, limit):.1f}")
                for kind, one in [*lines, *wanted]
            ),
        ),
        format_html_join(
            "",
            '<text class="st-plot-text" x="{}" y="{}" text-anchor="end">{}</text>',
            ((LEFT - 6, f"{_y(one, limit) + 4:.1f}", signed(one)) for one in ticks),
        ),
    )


def _dates(points: Sequence[Point]) -> SafeString:
    ends = [(LEFT, "start", points[0])] if len(points) > 1 else []
    ends.append((WIDTH - RIGHT, "end", points[-1]))
    return format_html_join(
        "",
        '<text class="st-plot-text" x="{}" y="{}" text-anchor="{}">{}</text>',
        ((x, HEIGHT - 8, anchor, date_format(one.day, "MONTH_DAY_FORMAT")) for x, anchor, one in ends),
    )


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
