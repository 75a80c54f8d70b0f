"""``python -m sktime_screen.cli``."""

from . import main

main()
