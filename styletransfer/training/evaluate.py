"""``python -m styletransfer.training.evaluate``: compare painters on the same unseen pairs."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from styletransfer.training.evaluation.comparing import USER_ERRORS, add_arguments, compare


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m styletransfer.training.evaluate", description=__doc__)
    add_arguments(parser)
    try:
        compare(parser.parse_args(arguments), {}, Console())
    except USER_ERRORS as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
