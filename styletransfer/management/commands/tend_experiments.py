"""``manage.py tend_experiments``: stop what is decided or over, let weights follow the evidence."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from styletransfer.experiments.life import tend_all


class Command(BaseCommand):
    """Look after running experiments once; for cron where no worker runs."""

    help = "Look after running experiments: stop those that are decided or over, follow the evidence."

    def handle(self, *args: Any, **options: Any) -> None:
        number = 0
        for experiment, done in tend_all():
            number += 1
            self.stdout.write(f"{experiment}: {done}.")
        if not number:
            self.stdout.write("Nothing needed to be done.")
