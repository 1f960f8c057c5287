"""`python -m workers` is `capliquify`."""

from workers.cli import main

main()
