"""How often one shopper may ask for costly work, through whichever door: API, form or the shop's own code."""

from __future__ import annotations

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from styletransfer.models import Shopper


def take_turn(name: str, shopper: Shopper, *, most: int, seconds: int) -> bool:
    """Count one turn of a shopper's; whether it is one of the first ``most`` since the first of them.

    The count is kept in the default cache under a keyed hash, and begins again ``seconds`` after the first
    turn. Where that cache keeps nothing there is no limit.

    Args:
        name: of what is asked for.
        shopper: who asks.
        most: turns within ``seconds``.
        seconds: how long a turn counts.
    """
    ident = salted_hmac("styletransfer.turns", str(shopper.key), algorithm="sha256").hexdigest()
    key = f"styletransfer:{name}:{ident[:32]}"
    for _ in range(2):  # the count may be forgotten between the two steps
        cache.add(key, 0, seconds)
        try:
            return cache.incr(key) <= most
        except ValueError:
            continue
    return True
