"""``manage.py fit_recommendations``: find anew which products go together."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from styletransfer.personalization.recommendations.fitting import fit_recommendations


class Command(BaseCommand):
    help = (
        "Find which products go together and which are popular, from the events of shoppers who allow it. "
        "Pages read the result from then on. Run it every hour or every night, by beat or cron."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            snapshot = fit_recommendations()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{snapshot.events} events of {snapshot.shoppers} shoppers: neighbours for {snapshot.products} "
            f"products ({snapshot.recommender}, {snapshot.seconds:.1f} s)."
        )
