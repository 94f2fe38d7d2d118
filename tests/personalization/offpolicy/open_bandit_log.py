"""Logs in the format of the Open Bandit Dataset, made from a seed, and the policies evaluated on them.

Python's own generator makes them: its stream is the same on every platform and version.
"""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

CAMPAIGNS = {"all": (10, 11), "men": (6, 12), "women": (8, 13)}
ROWS = 1500
POSITIONS = 3


def write_log(folder: Path, campaign: str) -> None:
    """``<folder>/random/<campaign>/<campaign>.csv`` and ``item_context.csv``."""
    items, seed = CAMPAIGNS[campaign]
    generator = random.Random(seed)
    place = folder / "random" / campaign
    place.mkdir(parents=True)
    with (place / "item_context.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["", "item_id", *(f"item_feature_{n}" for n in range(4))])
        for item in range(items):
            codes = [f"{generator.randrange(3):032x}" for _ in range(3)]
            table.writerow([item, item, generator.gauss(0, 1), *codes])
    with (place / f"{campaign}.csv").open("w", newline="") as file:
        table = csv.writer(file)
        users = [f"user_feature_{n}" for n in range(4)]
        affinities = [f"user-item_affinity_{n}" for n in range(items)]
        table.writerow(
            ["", "timestamp", "item_id", "position", "click", "propensity_score", *users, *affinities]
        )
        for row in range(ROWS):
            weights = [0.3 + generator.random() for _ in range(items)]
            chosen = generator.choices(range(items), weights)[0]
            position = generator.randint(1, POSITIONS)
            click = int(generator.random() < 0.08 + 0.03 * math.sin(chosen + position))
            # Not in order of time, as parts of the real files are.
            minute = (row * 7919) % ROWS
            stamp = (
                f"2019-11-{24 + minute // 1440:02d} {minute // 60 % 24:02d}:{minute % 60:02d}:01.500000+00:00"
            )
            seen = [f"{generator.randrange(4):032x}" for _ in range(4)]
            history = [float(generator.randrange(3)) for _ in range(items)]
            table.writerow(
                [row, stamp, chosen, position, click, weights[chosen] / sum(weights), *seen, *history]
            )


def policy(row: int, items: int) -> list[float]:
    """Probabilities of a policy to be evaluated, for the row at this place in order of time."""
    scores = [math.exp(math.sin(0.37 * row + 1.3 * item)) for item in range(items)]
    return [score / sum(scores) for score in scores]


def expected(row: int, items: int) -> list[float]:
    """What a reward model might say."""
    return [0.08 + 0.04 * math.cos(0.11 * row + item) for item in range(items)]
