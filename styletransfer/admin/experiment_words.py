"""An experiment's results in words that need no statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from styletransfer.experiments.coverage import Coverage
from styletransfer.experiments.results import Results
from styletransfer.experiments.statistics.analysis import Comparison, Verdict
from styletransfer.experiments.statistics.sequences import Estimate
from styletransfer.models import Experiment, ExperimentState, Goal, StopReason

MANY_CONFLICTS = 0.02


@dataclass(frozen=True)
class Headline:
    """What staff read first.

    Attributes:
        kind: "open", "winner", "control", "equal" or "broken"; names a colour.
        title: the answer.
        text: one or two sentences more.
        checks: where to look when something is wrong.
    """

    kind: str
    title: str
    text: str
    checks: list[str] = field(default_factory=list)


def headline_of(experiment: Experiment, results: Results, coverage: list[Coverage]) -> Headline:
    """The answer so far."""
    if results.ratio.is_broken:
        return Headline(
            "broken",
            _("The numbers of visitors do not fit: the results are hidden"),
            _(
                "The looks have other numbers of visitors than chance would give them. Something keeps some "
                "of them from being counted, and any difference could come from that. Find the cause, "
                "then start a new experiment."
            ),
            _where_to_look(results, coverage),
        )
    if results.verdict is Verdict.WINNER and results.best is not None:
        return _won(experiment, results)
    if results.verdict is Verdict.CONTROL and results.best is not None:
        title = _("Keep “%(look)s”: the others do worse") % {"look": results.best.name}
        return Headline("control", title, _("That is certain enough; nothing needs to be changed."))
    if results.verdict is Verdict.EQUAL:
        text = _("Whatever difference there is, it is smaller than the %(lift)s you wanted to find.")
        return Headline("equal", _("It makes no difference"), text % {"lift": share(experiment.lift)})
    return _still_open(experiment, results)


def difference(goal: str, estimate: Estimate) -> str:
    """One comparison in a sentence, with the range it may lie in."""
    low, high = estimate.lower, estimate.upper
    if not math.isfinite(high) or low <= -1:
        return _("Nothing can be said yet.")
    words = {"change": signed(estimate.value), "low": signed(low), "high": signed(high)}
    text = {
        Goal.BUYERS: _("%(change)s visitors who buy; very likely between %(low)s and %(high)s."),
        Goal.CARTS: _("%(change)s visitors who fill a cart; very likely between %(low)s and %(high)s."),
        Goal.CLICKS: _("%(change)s visitors who click; very likely between %(low)s and %(high)s."),
        Goal.REVENUE: _("%(change)s revenue per visitor; very likely between %(low)s and %(high)s."),
    }[Goal(goal)]
    return text % words


def standing_of(comparison: Comparison | None) -> tuple[str, str]:
    """(kind, word) of a badge for one arm; the control has none."""
    if comparison is None:
        return "queued", _("Compared with")
    if comparison.is_better:
        return "ready", _("Better")
    if comparison.is_worse:
        return "failed", _("Worse")
    if comparison.is_equal:
        return "pending", _("No difference")
    return "pending", _("Open")


def ended_words(experiment: Experiment) -> str:
    """Why an experiment ended, or an empty text."""
    return str(StopReason(experiment.stop_reason).label) if experiment.stop_reason else ""


def days(number: float) -> str:
    """A number of days as people say it."""
    if number < 1:
        return _("less than a day")
    if number > 730:
        return _("more than two years")
    whole = math.ceil(number)
    return ngettext("%(days)s day", "%(days)s days", whole) % {"days": number_format(whole)}


def share(value: float, digits: int = 0) -> str:
    """A share as a percentage."""
    return _("%(number)s %%") % {"number": number_format(round(100 * value, digits), digits)}


def signed(value: float) -> str:
    """A relative difference with its sign, a true minus."""
    whole = round(100 * value)
    sign = "+" if whole > 0 else "\N{MINUS SIGN}" if whole < 0 else "±"
    return _("%(sign)s%(number)s %%") % {"sign": sign, "number": number_format(abs(whole))}


def _won(experiment: Experiment, results: Results) -> Headline:
    assert results.goal is not None and results.best is not None  # noqa: S101, PT018  (a winner has both)
    control = next((arm for arm in results.arms if arm.is_control), results.arms[0])
    comparison = next(one for one in results.goal.comparisons if one.arm == results.goal.best)
    winners = [one for one in results.goal.comparisons if one.is_better]
    title = _("“%(look)s” does better than “%(control)s”") % {
        "look": results.best.name,
        "control": control.name,
    }
    text = difference(experiment.goal, comparison.estimate)
    if len(winners) > 1:
        text += " " + _("Other looks do better too; this one is ahead of them so far.")
    return Headline("winner", title, text)


def _still_open(experiment: Experiment, results: Results) -> Headline:
    visitors = int(sum(results.counted.visitors))
    if experiment.state != ExperimentState.RUNNING:
        text = _("The experiment ended before there was an answer. Nothing speaks against the look you like.")
        return Headline("open", _("No clear answer"), text)
    if not visitors:
        text = _("Visitors count from the moment they see a picture, if they have allowed measuring.")
        return Headline("open", _("Waiting for the first visitors"), text)
    left = results.days_left
    waiting = results.counted.waiting
    text = ngettext("%(count)s visitor so far.", "%(count)s visitors so far.", visitors) % {
        "count": number_format(visitors)
    }
    if waiting:
        text += " " + _("%(count)s of them still have time to act.") % {"count": number_format(waiting)}
    if left is None:
        return Headline("open", _("Not enough data yet"), text)
    if left == 0:
        text += " " + _("The difference is probably smaller than the one you wanted to find.")
        return Headline("open", _("No difference seen yet, and it should have shown by now"), text)
    title = _("Not enough data yet: about %(days)s more") % {"days": days(left)}
    return Headline("open", title, text)


def _where_to_look(results: Results, coverage: list[Coverage]) -> list[str]:
    checks = [
        _("“%(look)s” is not painted for %(missing)s of %(photos)s photos; its visitors see the original.")
        % {"look": one.arm.name, "missing": number_format(one.missing), "photos": number_format(one.photos)}
        for one in coverage
        if one.missing
    ]
    total = sum(results.counted.visitors) + sum(results.counted.conflicts)
    if total and sum(results.counted.conflicts) / total > MANY_CONFLICTS:
        text = _("%(share)s of the visitors saw two looks, before and after they signed in.")
        checks.append(text % {"share": share(sum(results.counted.conflicts) / total, 1)})
    return [
        *checks,
        _("Does a cache keep pages that were made for one visitor? Personal pages must be private."),
        _("Is one look's page slower or broken, so that visitors leave before its pictures come into view?"),
        _("Did weights, products or looks change on the way, or does a robot visit the shop?"),
    ]
