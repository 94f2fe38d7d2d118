"""``load_open_bandit``: what our estimators make of the real logs of the Open Bandit Dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from styletransfer.personalization.offpolicy.gate import Evaluation, evaluate
from styletransfer.personalization.offpolicy.open_bandit import (
    NotAnOpenBanditLogError,
    OpenBanditLog,
    frequency_policy,
    read_open_bandit,
)

CAMPAIGNS = ("all", "men", "women")


class Command(BaseCommand):
    help = "Estimates one logged policy of the Open Bandit Dataset from the log of the other, and compares."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="holds random/ and bts/")
        parser.add_argument("--campaign", choices=CAMPAIGNS, action="append", help="may be given again")
        parser.add_argument("--logged", default="random", help="policy whose log is used (default: random)")
        parser.add_argument("--judged", default="bts", help="policy to estimate (default: bts)")

    def handle(self, *args: Any, **options: Any) -> None:
        for campaign in options["campaign"] or CAMPAIGNS:
            try:
                logged = read_open_bandit(options["folder"], options["logged"], campaign)
                judged = read_open_bandit(options["folder"], options["judged"], campaign)
            except NotAnOpenBanditLogError as error:
                raise CommandError(str(error)) from error
            self._report(campaign, logged, judged)

    def _report(self, campaign: str, logged: OpenBanditLog, judged: OpenBanditLog) -> None:
        items = max(logged.items, judged.items)
        policy = frequency_policy(judged, items)
        if len(policy) <= logged.positions.max():
            raise CommandError(_("%(campaign)s: the logs differ in their places.") % {"campaign": campaign})
        found: Evaluation = evaluate(logged.choices, policy[logged.positions])
        self.stdout.write(
            _("%(campaign)s: %(rows)d rows, %(clicks)d clicks; the judged policy itself: %(truth).4f")
            % {
                "campaign": campaign,
                "rows": len(logged),
                "clicks": logged.choices.rewards.sum(),
                "truth": judged.choices.rewards.mean(),
            }
        )
        for name, interval in (("IPW", found.ipw), ("SNIPW", found.snipw)):
            self.stdout.write(
                f"  {name:6s} {interval.estimate:.6f}  [{interval.lower:.4f}, {interval.upper:.4f}]"
            )
        self.stdout.write(
            _("  effective sample %(size).0f, greatest weight %(weight).1f")
            % {"size": found.weights.effective_size, "weight": found.weights.greatest}
        )
