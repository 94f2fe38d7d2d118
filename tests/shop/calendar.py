"""A day that does not pass: styles are drawn anew every day, and a test has to come out alike on each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def one_day(monkeypatch):
    """It is the same noon, whenever the test is run; use ``reset_sequences`` too, as keys seed the draws."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
