"""What is in force for one visitor: running experiments and applied winners, read in one query.

Reading never writes: that a visitor has been shown an arm is noted later, when the page's script says so
(``exposures.py``). Without consent to measurement a visitor takes part in nothing, and no query asks who
they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FilteredRelation, Q

from styletransfer.delivery.choosing import ORIGINAL, Choice, Chooser, Rule, register_hook
from styletransfer.experiments.assignment import drawn_arm, takes_part
from styletransfer.experiments.targets import Target
from styletransfer.models import Arm, Experiment, ExperimentState, Purpose, Shopper
from styletransfer.personalization.consent import allows
from styletransfer.personalization.shoppers import shopper_of

EXPERIMENT = "experiment"
DEFAULT = "default"
# Asked before taste (experiments) and after it (applied winners).
EXPERIMENT_ORDER, DEFAULT_ORDER = 10, 90

_COLUMNS = (
    "key",
    "position",
    "weight",
    "preset__slug",
    *(
        f"experiment__{name}"
        for name in (
            "key",
            "state",
            "salt",
            "share",
            "categories",
            "products",
            "allocations",
            "winner",
            "applied_at",
            "window_hours",
        )
    ),
)


@dataclass(frozen=True)
class Standing:
    """An experiment as it is for one visitor.

    Attributes:
        experiment: with the columns that choosing needs.
        arm: what this visitor is shown, or the winner.
        is_seen: whether the visitor has been shown it before.
    """

    experiment: Experiment
    arm: Arm
    is_seen: bool

    @property
    def target(self) -> Target:
        """Which products it is about."""
        return Target.of(self.experiment)


def weights_now(experiment: Experiment, arms: Sequence[Arm]) -> list[float]:
    """Shares of the arms by the latest allocation; they sum to 1."""
    latest = experiment.allocations[-1]["weights"] if experiment.allocations else {}
    weights = [float(latest.get(str(arm.key), arm.weight)) for arm in arms]
    total = sum(weights)
    return [weight / total for weight in weights] if total else weights


def in_force(shopper: Shopper | None, *, applied: bool = True) -> list[Standing]:
    """Running experiments this shopper takes part in, then applied winners, the latest first; one query."""
    wanted = Q(experiment__state=ExperimentState.RUNNING) if shopper is not None else Q(pk__in=[])
    if applied:
        wanted |= Q(experiment__state=ExperimentState.APPLIED, experiment__winner=F("pk"))
    rows = Arm.objects.filter(wanted).select_related("experiment", "preset").only(*_COLUMNS)
    if shopper is not None:
        rows = rows.annotate(
            mine=FilteredRelation("exposures", condition=Q(exposures__shopper=shopper)),
            is_seen=F("mine__pk"),
        )
    by_experiment: dict[int, list[Arm]] = {}
    for arm in rows.order_by("experiment_id", "position", "pk"):
        by_experiment.setdefault(arm.experiment_id, []).append(arm)
    running = [found for arms in by_experiment.values() if (found := _running(arms, shopper)) is not None]
    winners = [
        Standing(arm.experiment, arm, is_seen=False)
        for arms in by_experiment.values()
        for arm in arms
        if arm.experiment.state == ExperimentState.APPLIED
    ]
    winners.sort(key=lambda one: (one.experiment.applied_at, one.experiment.pk), reverse=True)
    return [*running, *winners]


def visitor_of(request: Any) -> Shopper | None:
    """The shopper behind a request if measuring is allowed; a query only where there is a cookie."""
    return shopper_of(request) if allows(request, Purpose.MEASUREMENT) else None


def experiments_of(chooser: Chooser) -> Iterator[Rule]:
    """The chooser's hook: the arms this visitor has been sent to."""
    for standing in _standings(chooser):
        if standing.experiment.state == ExperimentState.RUNNING:
            yield _rule(standing, EXPERIMENT)


def defaults_of(chooser: Chooser) -> Iterator[Rule]:
    """The chooser's hook: winners that were applied; the same for everybody, so pages stay public."""
    for standing in _standings(chooser):
        if standing.experiment.state == ExperimentState.APPLIED:
            yield _rule(standing, DEFAULT)


def connect() -> None:
    """Let experiments and applied winners choose."""
    register_hook(EXPERIMENT, experiments_of, order=EXPERIMENT_ORDER)
    register_hook(DEFAULT, defaults_of, order=DEFAULT_ORDER)


def _standings(chooser: Chooser) -> list[Standing]:
    found: list[Standing] | None = chooser.__dict__.get("_standings")
    if found is None:
        # A page that its address alone decides is the same for everybody: no experiments there.
        visitor = visitor_of(chooser.request) if chooser.use_cookie else None
        found = chooser.__dict__["_standings"] = in_force(visitor)
    return found


def _running(arms: list[Arm], shopper: Shopper | None) -> Standing | None:
    experiment = arms[0].experiment
    if shopper is None or experiment.state != ExperimentState.RUNNING:
        return None
    seen = next((arm for arm in arms if arm.is_seen), None)  # type: ignore[attr-defined]
    if seen is not None:
        return Standing(experiment, seen, is_seen=True)
    unit = str(shopper.key)
    if not takes_part(experiment.salt, unit, experiment.share):
        return None
    place = drawn_arm(experiment.salt, unit, weights_now(experiment, arms))
    return Standing(experiment, arms[place], is_seen=False)


def _rule(standing: Standing, reason: str) -> Rule:
    slug = standing.arm.style
    key = str(standing.experiment.key) if reason == EXPERIMENT else ""
    target = standing.target
    return Rule(
        Choice(None if slug == ORIGINAL else slug, reason, key),
        None if target.is_everything else target.covers,
    )
