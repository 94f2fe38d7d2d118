"""What choosing a page's style costs beyond its one query: ``python benchmarks/choosing.py``.

Run ``manage.py simulate_shoppers`` in the example store before (``SHOP_VAR`` names one elsewhere). For every
shopper with a history the standing rows are read once, and drawing the style from them is measured: processor
time of this process, in ms. The query itself is measured beside it.

Target: p99 at most 1 ms.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
ROUNDS = 20
TARGET_MS = 1.0


def main() -> None:
    """Measure and print one line for each part."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import django

    django.setup()
    from styletransfer.models import Shopper
    from styletransfer.personalization.taste import choosing

    shoppers = list(Shopper.objects.filter(taste__isnull=False))
    if not shoppers or choosing.decide(shoppers[0], "phone") is None:
        sys.exit("No policy is live; run `manage.py simulate_shoppers` first.")
    standing = {shopper.pk: choosing._standing(shopper) for shopper in shoppers}
    candidates = len(choosing.decide(shoppers[0], "phone").candidates)
    print(f"{len(shoppers)} shoppers with a history, {candidates} styles")
    query = [spent(lambda one=one: choosing._standing(one)) for one in shoppers * 3]
    choosing._standing = lambda shopper: standing[shopper.pk]
    drawing = [spent(lambda one=one: choosing.decide(one, "phone")) for one in shoppers * ROUNDS]
    tell("the query", query)
    tell("drawing from it", drawing, TARGET_MS)


def spent(call: Callable[[], Any]) -> float:
    """Processor time of a call in ms."""
    begun = time.process_time()
    call()
    return 1000 * (time.process_time() - begun)


def tell(label: str, times: list[float], target: float = np.inf) -> None:
    """One line, and the target where it is missed."""
    middle, high = np.percentile(times, [50, 99])
    mark = "" if high <= target else f"   (target: {target:.0f} ms)"
    print(f"  {label:<16} p50 {middle:.2f}  p99 {high:.2f} ms{mark}")


if __name__ == "__main__":
    main()
