"""Prices as people read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money(amount: Decimal, currency: str) -> str:
    """``1234.5, "EUR"`` as ``€1,234.50``, in the active locale's digits; unknown currencies by their code."""
    number = number_format(amount, decimal_pos=2, force_grouping=True)
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency}"
