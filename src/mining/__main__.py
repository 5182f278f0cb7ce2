"""`python -m mining` is the command line."""

from mining.cli import main

main()
