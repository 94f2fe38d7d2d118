"""``fit_taste``: bring shoppers' histories up to date, fit the taste model, say what the log says of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from styletransfer.models import TasteSnapshot
from styletransfer.personalization.offpolicy.gate import Evaluation
from styletransfer.personalization.taste.profiles import refresh_histories
from styletransfer.personalization.taste.snapshots import (
    REASONS,
    NotPromotedError,
    fit_snapshot,
    may_start,
    promote,
    switch_off,
)


class Command(BaseCommand):
    help = "Fits the taste model to the log and stores it as a new, immutable policy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--promote", action="store_true", help="put it live if the evidence allows, else exit with 1"
        )
        parser.add_argument(
            "--histories-only", action="store_true", help="only bring shoppers' histories up to date"
        )
        parser.add_argument("--off", action="store_true", help="stop choosing by taste, and do nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["off"]:
            was_live = switch_off()
            self.stdout.write(_("Choosing by taste is off.") if was_live else _("It was off already."))
            return
        count = refresh_histories()
        self.stdout.write(_("%(count)d histories were brought up to date.") % {"count": count})
        if options["histories_only"]:
            return
        snapshot = fit_snapshot(tell=self.stdout.write)
        self._report(snapshot)
        if options["promote"]:
            try:
                promote(snapshot)
            except NotPromotedError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(_("%(snapshot)s is live.") % {"snapshot": snapshot})

    def _report(self, snapshot: TasteSnapshot) -> None:
        if snapshot.evaluation:
            evaluation = Evaluation.from_dict(snapshot.evaluation)
            self.stdout.write(
                _(
                    "Now %(current).3f %%; by this policy %(best).3f %% (%(lower).3f to %(upper).3f); "
                    "effective sample %(size).0f of %(rows)d; greatest weight %(weight).1f."
                )
                % {
                    "current": 100 * evaluation.current.estimate,
                    "best": 100 * evaluation.best.estimate,
                    "lower": 100 * evaluation.best.lower,
                    "upper": 100 * evaluation.best.upper,
                    "size": evaluation.weights.effective_size,
                    "rows": evaluation.rows,
                    "weight": evaluation.weights.greatest,
                }
            )
        for code in snapshot.refusals:
            self.stdout.write(f"- {REASONS.get(code, code)}")
        if may_start(snapshot):
            self.stdout.write(_("It may start to collect a log: run fit_taste --promote."))
        self.stdout.write(f"{snapshot}: {snapshot.get_state_display()}")
