"""The cursor of a page: which snapshot and which moment the list was ranked for, and where pages begin.

It is signed so that nobody can ask for odd ones, and it holds nothing about the shopper, not even a product.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing

_SALT = "styletransfer.recommendations.cursor"
MAX_CURSOR = 400


class BadCursorError(ValueError):
    """It was not made here, or belongs to another list."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins.

    Attributes:
        snapshot: primary key, or 0 where nothing had been fitted.
        as_of: when the first page was asked for.
        starts: place in the ranked list at which each page so far begins, this one last.
        scope: what the list was asked for (product model and category), so that it fits no other list.
    """

    snapshot: int
    as_of: datetime
    starts: tuple[int, ...]
    scope: str

    @property
    def start(self) -> int:
        """Place of this page's first entry."""
        return self.starts[-1]

    def dump(self) -> str:
        """As a text for an address."""
        moment = round(self.as_of.timestamp() * 1000)
        fields = [self.snapshot, moment, list(self.starts), self.scope]
        return signing.Signer(salt=_SALT).sign_object(fields, compress=True)

    @classmethod
    def load(cls, text: str, scope: str) -> Cursor:
        """Read one.

        Raises:
            BadCursorError: see there.
        """
        try:
            snapshot, moment, starts, made_for = signing.Signer(salt=_SALT).unsign_object(text[:MAX_CURSOR])
        except (signing.BadSignature, ValueError, TypeError) as error:
            raise BadCursorError("This cursor was not made by this shop.") from error
        if made_for != scope:
            raise BadCursorError("This cursor belongs to another list.")
        return cls(snapshot, datetime.fromtimestamp(moment / 1000, UTC), tuple(starts), scope)
