"""The comparison as a table for terminals."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.table import Table

from styletransfer.training.evaluation.measures import MEASURES


def comparison_table(results: Mapping[str, Mapping[str, float]]) -> Table:
    """Rows of measures, a column for each contender."""
    table = Table("measure", "better")
    for name in results:
        table.add_column(name, justify="right")
    group = ""
    for measure in MEASURES:
        found = [values.get(measure.key, math.nan) for values in results.values()]
        if all(math.isnan(value) for value in found):
            continue
        if measure.group != group:
            group = measure.group
            table.add_section()
            table.add_row(f"[bold]{group}")
        texts = ["" if math.isnan(value) else f"{value:.{measure.digits}f}" for value in found]
        table.add_row(measure.label, measure.better, *texts)
    return table
