"""That somebody has been shown an arm: noted once, after the page, from what the page's script says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from styletransfer.experiments.assignment import drawn_arm, takes_part
from styletransfer.models import Arm, Experiment, ExperimentState, Exposure, Shopper
from styletransfer.personalization.locking import lock_owner

# A page that was made before the weights changed may report this much later.
OLD_WEIGHTS = timedelta(days=1)


@dataclass
class Noted:
    """What became of a report.

    Attributes:
        new: experiments the shopper takes part in from now on.
        known: those where this was known.
        ignored: reason by experiment.
    """

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    ignored: dict[str, str] = field(default_factory=dict)


def note_exposures(shopper: Shopper, seen: Mapping[str, str], *, at: datetime | None = None) -> Noted:
    """Note what a consenting shopper has been shown; two queries, and two more for new rows.

    A browser is not believed: the arm is drawn again, and a look that was not this shopper's is ignored.

    Args:
        shopper: who; whether they consent is the caller's business.
        seen: style (slug or "original") by key of the experiment.
        at: when; now if None.
    """
    noted = Noted()
    now = at or timezone.now()
    experiments = Experiment.objects.filter(key__in=seen, state=ExperimentState.RUNNING).prefetch_related(
        "arms__preset"
    )
    found = {str(one.key): one for one in experiments.defer("frozen")}
    known = set(
        Exposure.objects.filter(shopper=shopper, experiment__key__in=seen).values_list(
            "experiment__key", flat=True
        )
    )
    rows = []
    for key, style in seen.items():
        experiment = found.get(key)
        if experiment is None:
            noted.ignored[key] = "It is not running."
        elif experiment.key in known:
            noted.known.append(key)
        elif (row := _exposure(experiment, shopper, style, now)) is None:
            noted.ignored[key] = "That is not this visitor's look."
        else:
            rows.append(row)
            noted.new.append(key)
    _keep(shopper, rows)
    return noted


def merge_exposures(old: Shopper, kept: Shopper) -> None:
    """At login: what the browser was shown becomes the account's. The first time wins.

    Whoever was shown two different arms stays in the first but is taken out of the analysis, and counted.
    """
    mine = {row.experiment_id: row for row in Exposure.objects.filter(shopper=kept)}
    now = timezone.now()
    for row in Exposure.objects.filter(shopper=old):
        other = mine.get(row.experiment_id)
        if other is None:
            continue
        first, second = sorted((row, other), key=lambda one: one.seen_at)
        is_conflict = first.arm_id != second.arm_id
        conflicted_at = first.conflicted_at or second.conflicted_at or (now if is_conflict else None)
        second.delete()
        Exposure.objects.filter(pk=first.pk).update(shopper=kept, conflicted_at=conflicted_at)
    Exposure.objects.filter(shopper=old).update(shopper=kept)


def possible_arms(
    experiment: Experiment, arms: list[Arm], unit: str, now: datetime
) -> Iterable[tuple[Arm, float]]:
    """Arms a page may rightly have shown to this visitor lately, each with its probability."""
    history = experiment.allocations
    for number, entry in enumerate(reversed(history)):
        if number and now - datetime.fromisoformat(history[len(history) - number]["at"]) > OLD_WEIGHTS:
            return
        weights = [float(entry["weights"].get(str(arm.key), 0.0)) for arm in arms]
        place = drawn_arm(experiment.salt, unit, weights)
        yield arms[place], weights[place] / sum(weights)


@transaction.atomic
def _keep(shopper: Shopper, rows: list[Exposure]) -> None:
    """Add rows that are not there yet, to whoever the shopper is by now; to nobody after an erasure."""
    owner = lock_owner(shopper) if rows else None
    if owner is not None:
        for row in rows:
            row.shopper = owner
        Exposure.objects.bulk_create(rows, ignore_conflicts=True)


def _exposure(experiment: Experiment, shopper: Shopper, style: str, now: datetime) -> Exposure | None:
    unit = str(shopper.key)
    if not takes_part(experiment.salt, unit, experiment.share):
        return None
    arms = list(experiment.arms.all())
    for arm, propensity in possible_arms(experiment, arms, unit, now):
        if arm.style == style:
            return Exposure(
                experiment=experiment,
                shopper=shopper,
                arm=arm,
                propensity=propensity,
                seen_at=now,
                counted_until=now + timedelta(hours=experiment.window_hours),
            )
    return None
