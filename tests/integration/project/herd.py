"""Workers that a test shoots at: each that ends is replaced at once.

They are forked from a process that has imported everything, so that a new one works within milliseconds.
Every shot is a line "shot <process id>" of ``shots.log``, every end "end <process id> <exit code>".
"""

import argparse
import os
import random
import signal
import time
from pathlib import Path

import django


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--signal", choices=["KILL", "TERM"])
    parser.add_argument("--every", type=float, default=0.35, help="seconds between shots")
    parser.add_argument("--shots", type=int, default=10**6)
    parser.add_argument("--in-mid-batch", action="store_true", help="shoot only at those that paint")
    options = parser.parse_args()
    django.setup()
    from django.core.management import call_command

    warm_up()
    var = Path(os.environ["PROJECT_VAR"])
    chance = random.Random(1)
    alive: set[int] = set()
    shot: set[int] = set()
    next_shot = time.monotonic() + options.every
    with (var / "shots.log").open("a", buffering=1) as log:
        while True:
            while len(alive) < options.workers:
                alive.add(fork(lambda: call_command("restyle_worker")))
            time.sleep(0.01)
            for pid in [
                pid for pid in alive if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ]:
                _pid, status = os.waitpid(pid, 0)
                alive.discard(pid)
                log.write(f"end {pid} {os.waitstatus_to_exitcode(status)}\n")
            targets = sorted(alive - shot)
            if options.in_mid_batch:
                targets = [pid for pid in targets if (var / f"painting-{pid}").exists()]
            if options.signal and len(shot) < options.shots and targets and time.monotonic() >= next_shot:
                pid = chance.choice(targets)
                os.kill(pid, getattr(signal, f"SIG{options.signal}"))
                shot.add(pid)
                log.write(f"shot {pid}\n")
                next_shot = time.monotonic() + options.every


def warm_up() -> None:
    """Load before the fork what a worker otherwise loads with its first picture."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    from styletransfer.imaging.encode import encode_renditions, placeholder
    from styletransfer.imaging.metrics import measure
    from styletransfer.jobs import codes, encoding, engines
    from styletransfer.management.commands import restyle_worker  # noqa: F401
    from styletransfer.models import StylePreset
    from styletransfer.testing import photo_pixels
    from tests.testapp.models import Photo

    ContentType.objects.get_for_model(Photo)
    preset = StylePreset.objects.get()
    engines.get_engine(preset.engine)
    codes.ensure_style_code(preset)
    picture = encoding._reference(preset)
    measure(photo_pixels(32, 32), picture, picture)
    placeholder(picture)
    encode_renditions(picture, [32], ("jpeg",), {})
    connections.close_all()


def fork(work) -> int:
    """Run ``work`` in a child; the child's process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
