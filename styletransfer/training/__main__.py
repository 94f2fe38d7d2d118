"""``python -m styletransfer.training``: train the painter without Django."""

from __future__ import annotations

import argparse
import logging
import sys

from styletransfer.training import cli


def main() -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m styletransfer.training", description=__doc__)
    cli.add_arguments(parser)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        weights = cli.run(vars(parser.parse_args()))
    except cli.USER_ERRORS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{weights}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
