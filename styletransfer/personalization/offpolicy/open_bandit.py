"""Reading logs in the format of the Open Bandit Dataset (https://research.zozo.com/data.html).

A folder holds ``<policy>/<campaign>/<campaign>.csv``; a row is one item shown in one of three places:
``timestamp, item_id, position, click, propensity_score, user_feature_*, user-item_affinity_*``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from styletransfer.personalization.offpolicy.estimators import LoggedChoices
from styletransfer.personalization.taste.thompson import Array

COLUMNS = ("timestamp", "item_id", "position", "click", "propensity_score")


class NotAnOpenBanditLogError(ValueError):
    """The file is not in the dataset's format; the text names the file and what is wrong."""


@dataclass(frozen=True)
class OpenBanditLog:
    """One campaign under one policy, in order of time.

    Attributes:
        choices: items, clicks and propensities.
        positions: (rows,) from 0, dense.
        affinities: (rows, items) as in the file; no columns where it has none.
        items: how many there are.
    """

    choices: LoggedChoices
    positions: NDArray[np.int64]
    affinities: Array
    items: int

    def __len__(self) -> int:
        return len(self.choices)


def read_open_bandit(folder: Path, policy: str, campaign: str) -> OpenBanditLog:
    """Read ``folder/policy/campaign/campaign.csv``.

    Raises:
        NotAnOpenBanditLogError: the file is missing, empty, or a row cannot be read.
    """
    path = folder / policy / campaign / f"{campaign}.csv"
    if not path.is_file():
        raise NotAnOpenBanditLogError(
            f"There is no {path}. Give the folder that holds {policy}/{campaign}/{campaign}.csv."
        )
    stamps: list[str] = []
    rows: list[list[float]] = []
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        names = table.fieldnames or []
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise NotAnOpenBanditLogError(f"{path} has no column {', '.join(missing)}.")
        affinities = [name for name in names if name.startswith("user-item_affinity_")]
        for number, row in enumerate(table, start=2):
            try:
                stamps.append(row["timestamp"])
                rows.append([float(row[name]) for name in (*COLUMNS[1:], *affinities)])
            except (TypeError, ValueError) as error:
                raise NotAnOpenBanditLogError(f"{path}, line {number}: {error}") from error
    if not rows:
        raise NotAnOpenBanditLogError(f"{path} has no rows.")
    values = np.array(rows)[np.argsort(np.array(stamps), kind="stable")]
    items = values[:, 0].astype(np.int64)
    _, positions = np.unique(values[:, 1], return_inverse=True)
    try:
        choices = LoggedChoices(items, values[:, 2], values[:, 3])
    except ValueError as error:
        raise NotAnOpenBanditLogError(f"{path}: {error}") from error
    return OpenBanditLog(choices, positions, values[:, 4:], int(items.max()) + 1)


def frequency_policy(log: OpenBanditLog, items: int) -> Array:
    """How often another log's policy showed each item in each place: (positions, items), rows sum to 1.

    For policies that know no shopper, such as the dataset's Bernoulli Thompson sampling, this is the policy.
    """
    counts = np.zeros((int(log.positions.max()) + 1, items))
    np.add.at(counts, (log.positions, log.choices.actions), 1.0)
    shares: Array = counts / counts.sum(axis=1, keepdims=True)
    return shares
