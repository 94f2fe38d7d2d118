"""``manage.py restyle_worker``: paint what is queued, without any server but the database."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from styletransfer.conf import LANES
from styletransfer.jobs.worker import Worker, WorkerReport, has_open_work


class Command(BaseCommand):
    """The embedded worker; it drains the same rows with the same code as the Celery tasks."""

    help = "Paint and encode queued pictures until stopped. SIGTERM or Ctrl-C finishes the batch at work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lanes",
            default=",".join(LANES),
            help=f"Lanes to work on, separated by commas (default: {','.join(LANES)}).",
        )
        ending = parser.add_mutually_exclusive_group()
        ending.add_argument(
            "--until-idle", action="store_true", help="Stop when nothing is left to do in these lanes."
        )
        ending.add_argument(
            "--once",
            action="store_true",
            help="Do what can be done now and stop, without waiting for retries.",
        )
        parser.add_argument(
            "--encode-threads",
            type=int,
            metavar="N",
            help="Threads that encode (default: half the processors).",
        )
        parser.add_argument(
            "--metrics-port",
            type=int,
            metavar="PORT",
            help="Hand out this worker's Prometheus metrics on 127.0.0.1 at this port.",
        )

    def handle(
        self,
        *args: Any,
        lanes: str,
        until_idle: bool,
        once: bool,
        encode_threads: int | None,
        metrics_port: int | None = None,
        **options: Any,
    ) -> None:
        wanted = [lane.strip() for lane in lanes.split(",") if lane.strip()]
        unknown = sorted(set(wanted) - set(LANES))
        if unknown or not wanted:
            raise CommandError(
                f"Unknown lanes: {', '.join(unknown) or 'none given'}. Use {', '.join(LANES)}."
            )
        if encode_threads is not None and encode_threads < 1:
            raise CommandError("--encode-threads must be 1 or more.")
        if metrics_port:
            _serve_metrics(metrics_port)
        worker = Worker(wanted, encode_threads=0 if once else encode_threads)
        stop_on_signals(worker)
        self.stdout.write(f"Working on {', '.join(wanted)} (process {os.getpid()}). Stop with Ctrl-C.")
        report = worker.run(until=_ending(wanted, until_idle=until_idle, once=once))
        self._summarize(report)

    def _summarize(self, report: WorkerReport) -> None:
        self.stdout.write(
            f"{report.painted} painted, {report.ready} ready, {report.failed} tries failed; stopped."
        )
        if report.unavailable:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in report.unavailable.items())
            raise CommandError(f"Some engines cannot run in this process. {reasons}")


def _serve_metrics(port: int) -> None:
    from styletransfer.contrib.prometheus import serve  # noqa: PLC0415  (an optional extra)

    try:
        serve(port)
    except OSError as error:
        raise CommandError(f"Metrics cannot be handed out at port {port}: {error}") from error


def _ending(lanes: list[str], *, until_idle: bool, once: bool) -> Callable[[], bool]:
    if once:
        return lambda: True
    return lambda: until_idle and not has_open_work(lanes)


def stop_on_signals(worker: Worker) -> None:
    """SIGTERM and SIGINT let the worker finish its batch; a second one gives the batch back at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()
        signal.signal(number, signal.default_int_handler)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
