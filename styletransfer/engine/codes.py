"""Arithmetic of style codes: every convex mix of codes is itself a style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from styletransfer.engine.base import CODE_SIZE, StyleCode


def mix_codes(codes: Sequence[StyleCode], weights: Sequence[float] | None = None) -> StyleCode:
    """Weighted mean (128,) of codes; weights need not sum to 1 and default to equal ones.

    Raises:
        ValueError: no codes, a code of another size, negative weights, or weights that are all zero.
    """
    stacked = np.asarray(codes, dtype=np.float32)
    if stacked.ndim != 2 or stacked.shape[1] != CODE_SIZE:
        raise ValueError(f"expected one or more codes of {CODE_SIZE} numbers, got shape {stacked.shape}")
    shares = np.ones(len(stacked)) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (len(stacked),) or (shares < 0).any() or not shares.sum() > 0:
        raise ValueError("expected one weight a code, none negative and at least one above 0")
    mixed: StyleCode = (shares / shares.sum() @ stacked).astype(np.float32)
    return mixed
