"""``manage.py simulate_shoppers``: a week in which the shop learns who likes which look."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shop.simulation import NAMED, Week, forget_simulated, named_shopper
from styletransfer.models import SnapshotState, TasteSnapshot
from styletransfer.personalization.taste.choosing import decide
from styletransfer.personalization.taste.learning import current_arms
from styletransfer.personalization.taste.profiles import refresh_histories
from styletransfer.personalization.taste.snapshots import (
    NotPromotedError,
    fit_snapshot,
    live_snapshot,
    promote,
)


class Command(BaseCommand):
    help = "Lets made-up shoppers with hidden tastes shop for a week; each night the taste model is fitted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shoppers", type=int, default=150)
        parser.add_argument("--days", type=int, default=7)
        parser.add_argument("--visits", type=float, default=3.0, help="visits of a shopper on a day")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--clear", action="store_true", help="only delete the made-up shoppers")

    def handle(self, *args: Any, **options: Any) -> None:
        gone = forget_simulated()
        if gone:
            self.stdout.write(f"{gone} made-up shoppers of an earlier run were deleted.")
        if options["clear"]:
            return
        looks = [slug for slug in current_arms().slugs if slug != "original"]
        if len(looks) < 2:
            raise CommandError("Paint the products in two looks at least; run `manage.py demo` first.")
        began = time.monotonic()
        week = Week(looks, max(options["shoppers"], len(NAMED)), options["seed"])
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight - timedelta(days=options["days"])
        if live_snapshot() is None:
            promote(fit_snapshot(first))
        for number in range(options["days"]):
            day = first + timedelta(days=number)
            seen = week.live(day, options["visits"])
            self._learn(day + timedelta(days=1), number + 1, seen)
        self._summarise(looks, time.monotonic() - began)

    def _learn(self, night: Any, number: int, seen: int) -> None:
        refresh_histories(night)
        snapshot = fit_snapshot(night)
        said = ""
        if snapshot.state == SnapshotState.CANDIDATE:
            try:
                promote(snapshot)
                said = "; the evidence suffices: it is live"
            except NotPromotedError as error:
                said = f"; not yet: {error}"
        summary = snapshot.summary
        rate = summary["answers"] / max(summary["impressions"], 1)
        self.stdout.write(f"Day {number}: {seen} pictures seen, {rate:.1%} answered so far{said}")

    def _summarise(self, looks: list[str], seconds: float) -> None:
        for place, name in enumerate(NAMED):
            decision = decide(named_shopper(name), "phone")
            if decision is not None:
                likes = looks[place % len(looks)]
                self.stdout.write(
                    f"  {name.title()} likes {likes} and is shown {decision.style} "
                    f"(probability {decision.propensity:.0%})."
                )
        snapshot = TasteSnapshot.objects.filter(state=SnapshotState.LIVE).first()
        self.stdout.write(f"{snapshot} is live; see the back office's taste policies. {seconds:.0f} s.")
