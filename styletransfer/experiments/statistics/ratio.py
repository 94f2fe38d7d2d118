"""Do the arms have as many visitors as chance would send them? If not, no result can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import gammaincc

# So small that a sound experiment is accused once in a thousand looks; usual in the field.
ALARM = 0.001
LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class RatioCheck:
    """The answer of ``check_ratio``.

    Attributes:
        is_checked: whether there were visitors enough to tell.
        p_value: of Pearson's chi-square test; 1 when it was not checked.
        expected: visitors by arm as the weights would have them.
    """

    is_checked: bool
    p_value: float
    expected: tuple[float, ...]

    @property
    def is_broken(self) -> bool:
        """Whether the results must be hidden."""
        return self.p_value < ALARM


def check_ratio(observed: Sequence[float], weights: Sequence[float]) -> RatioCheck:
    """Compare visitors by arm with their weights.

    Arms of weight 0 are left out, also from the degrees of freedom; a visitor in one of them, where nobody
    can be, counts as broken.

    Args:
        observed: visitors by arm.
        weights: what they should be in proportion to; for weights that changed on the way, the visitors'
            probabilities summed up, which makes the test a little cautious.
    """
    total, weight = float(sum(observed)), float(sum(weights))
    if weight <= 0:
        return RatioCheck(is_checked=False, p_value=1.0, expected=tuple(0.0 for _ in weights))
    expected = tuple(total * one / weight for one in weights)
    if any(count > 0 and one <= 0 for count, one in zip(observed, weights, strict=True)):
        return RatioCheck(is_checked=True, p_value=0.0, expected=expected)
    pairs = [(count, one) for count, one in zip(observed, expected, strict=True) if one > 0]
    if len(pairs) < 2 or min(one for _, one in pairs) < LEAST_EXPECTED:
        return RatioCheck(is_checked=False, p_value=1.0, expected=expected)
    statistic = sum((count - one) ** 2 / one for count, one in pairs)
    # The chi-square distribution's upper tail with len - 1 degrees of freedom.
    return RatioCheck(True, float(gammaincc((len(pairs) - 1) / 2, statistic / 2)), expected)
