"""Writes the fictional company's exports: ``python -m mining.examples [--customers N] [--seed S] [--null] FOLDER``."""

from __future__ import annotations

import argparse

from mining.examples.bundled import write_bundled
from mining.examples.exports import write_exports


def main(words: list[str] | None = None) -> None:
    """Read the command line and write what it asks for."""
    parser = argparse.ArgumentParser(prog="python -m mining.examples", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="where to write")
    parser.add_argument("--customers", type=int, default=400, metavar="N")
    parser.add_argument("--seed", type=int, default=7, metavar="S")
    parser.add_argument("--null", action="store_true", help="write the twin in which nothing is to be found")
    parser.add_argument("--bundled", action="store_true", help="write the project's own data folder instead")
    asked = parser.parse_args(words)
    if asked.bundled:
        write_bundled(asked.folder)
    else:
        write_exports(asked.folder, customers=asked.customers, seed=asked.seed, null=asked.null, progress=True)


if __name__ == "__main__":
    main()
