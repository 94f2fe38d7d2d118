"""How long work will take, judged by what was measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum
from django.db.models.functions import Now
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from styletransfer.admin.tallies import tallied
from styletransfer.models import StyledVariant, VariantState, WorkerSign

RECENT = 100
FRESH = timedelta(seconds=60)
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Speed:
    """Pictures a second, and where that is known from.

    Attributes:
        rate: pictures a second; None when nothing was painted here yet.
        is_live: measured of workers that are at work now; otherwise one worker's, from past pictures.
    """

    rate: float | None = None
    is_live: bool = False

    def words(self) -> str:
        """What the estimate goes by."""
        if self.rate is None:
            return _("How long it takes was not measured here yet.")
        figure = number_format(self.rate, 1 if self.rate < 10 else 0)
        if self.is_live:
            return _("The workers paint %(rate)s pictures a second now.") % {"rate": figure}
        return _("One worker painted %(rate)s pictures a second lately.") % {"rate": figure}

    def time_for(self, pictures: int) -> str:
        """An estimate in words; empty when nothing was measured or nothing is to do."""
        if self.rate is None or not pictures:
            return ""
        return about(pictures / self.rate)


def measured_speed() -> Speed:
    """The slower of painting and encoding by the workers' signs of the last minute, else from timings."""
    return tallied("speed", 0, _measure, is_large=True)


def _measure() -> Speed:
    rates = dict(
        WorkerSign.objects.filter(seen_at__gte=Now() - FRESH, rate__gt=0)
        .order_by()
        .values_list("lane")
        .annotate(Sum("rate"))
    )
    painting = rates.get("bulk", 0.0) + rates.get("interactive", 0.0)
    encoding = rates.get("encode", 0.0)
    if painting and encoding:
        return Speed(min(painting, encoding), is_live=True)
    if painting or encoding:
        return Speed(painting or encoding, is_live=True)
    ready = StyledVariant.objects.filter(state=VariantState.READY).order_by("-pk")
    totals = [
        total for timings in ready.values_list("timings", flat=True)[:RECENT] if (total := _total(timings))
    ]
    return Speed(len(totals) / sum(totals)) if totals else Speed()


def _total(timings: Mapping[str, object]) -> float:
    return sum(value for value in timings.values() if isinstance(value, int | float))


def about(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < MINUTE:
        number = max(1, round(seconds))
        text = ngettext("about %(number)d second", "about %(number)d seconds", number)
    elif seconds < 2 * HOUR:
        number = round(seconds / MINUTE)
        text = ngettext("about %(number)d minute", "about %(number)d minutes", number)
    else:
        number = round(seconds / HOUR)
        text = ngettext("about %(number)d hour", "about %(number)d hours", number)
    return text % {"number": number}
