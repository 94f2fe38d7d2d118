"""What the restyle command prints: a progress bar and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from styletransfer.jobs.watch import JobReport
from styletransfer.jobs.watch import Progress as JobProgress
from styletransfer.models import RestyleJob


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[JobProgress], None]]:
    """A bar on a terminal; nothing in a file or a pipe."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Planning", total=None)

        def show(progress: JobProgress) -> None:
            bar.update(
                task,
                description="Painting" if progress.is_planned else "Planning",
                total=progress.total or None,
                completed=progress.done,
            )

        yield show


def print_summary(console: Console, job: RestyleJob, report: JobReport) -> None:
    """The figures of a finished job, and why pictures failed."""
    painted = report.ready - report.already_ready
    if not painted and not report.failed and not report.cancelled:
        console.print(f"Nothing to do: {report.ready} pictures are ready already.", highlight=False)
        return
    table = Table("", "pictures", title=f"Job {job.pk}: {job.selection}", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("painted and ready", str(painted))
    table.add_row("already ready", str(report.already_ready))
    table.add_row("failed", str(report.failed))
    if report.cancelled:
        table.add_row("cancelled", str(report.cancelled))
    table.add_row("seconds", f"{report.seconds:.1f}")
    table.add_row("pictures/s", f"{painted / max(report.seconds, 1e-3):.2f}")
    console.print(table, highlight=False)
    for photo, preset, error in report.reasons:
        console.print(
            f"  {photo} · {preset}: {error}" if preset else f"  {error}", markup=False, highlight=False
        )
    hidden = report.failed - len(report.reasons)
    if hidden > 0:
        console.print(f"  … and {hidden} more.", highlight=False)
