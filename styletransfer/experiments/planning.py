"""How long an experiment takes, from the shop's own traffic or from what staff expect."""

from __future__ import annotations

from styletransfer.experiments.statistics.planning import Plan, plan_mean, plan_rate
from styletransfer.experiments.traffic import Traffic
from styletransfer.models import Experiment, Goal

# Taken where a shop has no events yet: a usual rate of shops, and a usual spread of baskets.
USUAL_RATE = 0.03
USUAL_SPREAD = 7.0


def planned_visitors(experiment: Experiment, traffic: Traffic) -> int:
    """Visitors an experiment should plan for."""
    weights = [
        arm.weight for arm in experiment.arms.order_by("-is_control", "position", "pk") if arm.weight > 0
    ]
    return plan_for(
        goal=Goal(experiment.goal),
        lift=experiment.lift,
        alpha=experiment.alpha,
        weights=tuple(weights),
        rate=traffic.rate,
        mean=traffic.mean,
        spread=traffic.spread,
    ).likely


def plan_for(
    *,
    goal: Goal,
    lift: float,
    alpha: float,
    weights: tuple[float, ...],
    rate: float = 0.0,
    mean: float = 0.0,
    spread: float = 0.0,
) -> Plan:
    """A plan from what is known; usual figures stand in for what is not.

    Args:
        goal: what is measured.
        lift: relative difference worth finding.
        alpha: share of false alarms allowed.
        weights: by arm, the control's first.
        rate: conversion rate of the control; 0 when unknown.
        mean: revenue a visitor; 0 when unknown.
        spread: standard deviation of it.
    """
    if goal == Goal.REVENUE:
        if mean <= 0 or spread <= 0:
            mean, spread = 1.0, USUAL_SPREAD
        return plan_mean(_rounded(mean), _rounded(spread), lift, weights=weights, alpha=alpha)
    rate = _rounded(rate) if 0 < rate < 1 else USUAL_RATE
    highest = 0.95 / (1 + lift)
    return plan_rate(min(rate, highest), lift, weights=weights, alpha=alpha)


def _rounded(value: float) -> float:
    # Three digits are all that is known, and let equal questions be answered from memory.
    return float(f"{value:.3g}")
